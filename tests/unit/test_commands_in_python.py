"""`keygen`, `sign`, `score` and `app` of the package: what the commands of these names do, from Python."""

from __future__ import annotations

import inspect
import io
import json
import operator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import sealift
import seals
from packs import no_node  # noqa: F401 - a fixture
from sealift import seal
from sealift.batch import score
from sealift.cli.commands import app
from sealift.packing import pipeline
from sealift.seal.keys import VARIABLE

FRAME = pd.DataFrame([dict(zip(("age", "weight", "sex"), row, strict=True)) for row in seals.ROWS])
X = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) % 7})
MODEL = LogisticRegression().fit(X, X["a"] > 20)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    sealift.keygen(tmp_path / "k")
    sealift.keygen(tmp_path / "locked", password="secret é")
    return tmp_path


def test_arguments_have_the_names_of_the_options() -> None:
    """So that who knows the command knows the function."""
    differ = {
        # Of the terminal alone.
        "as_json", "quiet", "config", "password_prompt", "password_file", "inputs", "processes", "watch", "format",
        "on",
        # Of Python alone.
        "password", "input", "chunk", "progress", "input_kind", "output_kind", "observe", "map_chunks",
        "pictures", "resume",
    }  # fmt: skip
    for command, function in (
        ("keygen", sealift.keygen), ("sign", sealift.sign), ("predict", score), ("app", sealift.app),
    ):  # fmt: skip
        options = {str(parameter.name) for parameter in app.commands[command].params} - differ
        assert set(inspect.signature(function).parameters) - differ == options, command


def test_score_is_an_attribute_of_the_package() -> None:
    assert operator.attrgetter("score")(sealift) is score


def test_keys_and_signatures(keys: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public, keyid = sealift.keygen(str(keys / "other"))
    assert public == keys / "other.pub"
    assert sealift.sign(str(tiny), key=keys / "other") == keyid
    assert sealift.verify(tiny, key=public).verified_key == keyid
    with pytest.raises(sealift.SignatureError) as caught:
        sealift.keygen(keys / "k")
    assert caught.value.code == "E501"
    with pytest.raises(sealift.SignatureError, match=VARIABLE):
        sealift.sign(tiny, key=keys / "locked")
    with pytest.raises(sealift.SignatureError):
        sealift.sign(tiny, key=keys / "locked", password="wrong")
    by_password = sealift.sign(tiny, key=keys / "locked", password="secret é")
    monkeypatch.setenv(VARIABLE, "secret é")
    assert sealift.sign(tiny, key=seal.open_private_key(keys / "locked")) == by_password
    assert {signature.keyid for signature in seal.signatures(seal.read(tiny))} == {keyid, by_password}


def test_pack_signs_before_it_writes(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash after the file is replaced must not leave an unsigned one."""
    path = keys / "m.seal"
    written: list[set[str]] = []
    original = seal.write

    def write(target: Path, members: Any, *rest: Any) -> None:
        written.append(set(members))
        original(target, members, *rest)
        if len(written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(seal, "write", write)
    packed = sealift.pack(MODEL, X, name="m", output=path, sign=keys / "k")
    assert packed.signed_by == sealift.verify(path, key=keys / "k.pub").verified_key
    again = sealift.OutputFile(path, overwrite=True)
    with pytest.raises(KeyboardInterrupt):
        sealift.pack(MODEL, X, name="m", version="2", output=again, sign=keys / "k")
    assert len(written) == 2
    assert all("signature.json" in members for members in written)
    assert sealift.verify(path, key=keys / "k.pub").version == "2"


def test_pack_without_a_key_does_not_sign(keys: Path) -> None:
    packed = sealift.pack(MODEL, X, name="m", output=keys / "m.seal")
    assert packed.signed_by is None
    assert repr(packed).startswith(f"<Packed '{keys}/m.seal': ")
    assert "rows compared, none differs" in repr(packed)
    assert len(repr(packed)) < 300
    assert packed.privacy is not None
    assert repr(packed.privacy).startswith("<PrivacyReport: ")


def test_pack_refuses_a_key_before_the_work(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(*_: object) -> None:
        raise AssertionError("the work has begun")

    monkeypatch.setattr(pipeline, "convert_model", work)
    for key, code in ((keys / "none", "E401"), (keys / "k.pub", "E501"), (keys / "locked", "E501")):
        with pytest.raises(sealift.SealiftError) as caught:
            sealift.pack(MODEL, X, name="m", output=keys / "m.seal", sign=key)
        assert caught.value.code == code
    assert not (keys / "m.seal").exists()


def test_score_answers_a_table_file(tiny: Path, tmp_path: Path) -> None:
    FRAME.assign(bed=range(4)).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(sealift.ContractError) as caught:
        score(tiny, tmp_path / "rows.csv", tmp_path / "answers.jsonl")
    assert caught.value.code == "E102"
    summary = score(tiny, tmp_path / "rows.csv", tmp_path / "answers.jsonl", keep=["bed"], seconds=60)
    assert (summary.rows, summary.refused) == (4, 0)
    assert repr(summary).startswith("<Summary: 4 rows, 0 refused, ")
    answers = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    expected = sealift.load(tiny).predict(FRAME)["probability"][:, 1]
    np.testing.assert_array_equal([row["probability_ill"] for row in answers], expected)
    assert [row["bed"] for row in answers] == ["0", "1", "2", "3"]  # as they were written
    made = io.BytesIO()
    model = sealift.load(tiny)
    score(model, tmp_path / "rows.csv", made, ignore_extra=True)
    assert made.getvalue().startswith(b"row,label,")
    with pytest.raises(ValueError, match="which has limits of its own"):
        score(model, tmp_path / "rows.csv", made, seconds=1)


def test_app_makes_a_page_and_a_handout(tiny: Path) -> None:
    built = sealift.app(tiny)
    assert built.path == tiny.with_suffix(".html")
    assert built.handout is None
    assert sealift.verify(built.path).identity == built.identity == sealift.load(tiny).identity
    again = sealift.app(str(tiny), str(tiny.parent / "other.html"), handout=True)
    assert again.handout == tiny.parent / "other-handout.html"
    assert again.handout.read_text().startswith("<!doctype html>")
    with pytest.raises(sealift.PageError) as caught:
        sealift.app(tiny, "page.pdf")
    assert caught.value.code == "E606"
