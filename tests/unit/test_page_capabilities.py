"""What the page can do is known where pages are built, so that a page that could not open its model is not written."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

import sealift
import seals
from sealift import canonical, seal
from sealift.cli import main
from sealift.contract import Contract, Field, Output
from sealift.errors import PageError
from sealift.targets.base import SealedFile
from sealift.targets.page.build import build_page
from sealift.targets.page.capabilities import CAPABILITIES, lacking, lacking_capabilities
from sealift.targets.page.target import PAGE

ROOT = Path(__file__).parents[2]


def test_the_list_is_that_of_the_page() -> None:
    source = ROOT / "web/app/src"
    texts = [path.read_text(encoding="utf-8") for path in (source / "contract").rglob("*.ts")]
    listed = {
        name for text in texts for name in re.findall(r'\bcapability(?:: string)? = "(.+)";$', text, re.MULTILINE)
    }
    kinds = [text for path in (source / "stages").rglob("*.ts") if "extends StageType {" in (text := path.read_text())]
    for kind in kinds:
        (name,), (version,) = (re.findall(rf"readonly {key} = (.+);", kind) for key in ("name", "version"))
        listed.add(f"stage:{json.loads(name)}/{version}")
    assert listed == CAPABILITIES


def test_the_inputs_that_need_what_the_page_lacks_are_named() -> None:
    fields = tuple(Field(name=f"image{i}", dtype="tensor[3,8,8]") for i in range(5))
    contract = Contract(
        inputs=(Field(name="age", dtype="float64"), *fields),
        outputs=(Output(name="value", kind="value", dtype="float64"),),
        task="regression",
    )
    assert lacking_capabilities(contract) == (
        "The page has no form for the inputs 'image0' (tensor[3,8,8]), 'image1' (tensor[3,8,8]), "
        "'image2' (tensor[3,8,8]) and 2 more. The page does not have what the model requires: type:tensor/1."
    )


def test_a_model_that_requires_more_gets_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = seals.write(tmp_path / "tiny.seal")
    assert lacking(SealedFile.read(path)) == ""
    assert PAGE.limitations(SealedFile.read(path)) == []
    monkeypatch.setattr(Contract, "requires", ("type:colour/1",))

    def contract(_: Any) -> Contract:
        return dataclasses.replace(seals.CONTRACT)

    monkeypatch.setattr(seal.Seal, "contract", contract)
    assert PAGE.limitations(SealedFile.read(path)) == ["The page does not have what the model requires: type:colour/1."]
    with pytest.raises(PageError, match=r"does not have what the model requires: type:colour/1") as caught:
        build_page(path, tmp_path / "tiny.html")
    assert caught.value.code == "E607"
    assert not (tmp_path / "tiny.html").exists()


def _with_evidence(path: Path, evidence: str) -> Path:
    members = seals.members() | {"evidence.json": canonical.dumps({"parity": {"engines": {"webassembly": evidence}}})}
    del members["manifest.json"]
    made = seal.assemble(members, name="tiny", version="1", task="classification", producer="tests", opsets={"": 21})
    seal.write(path, made)
    return path


def test_a_model_that_the_engine_of_the_page_does_not_run_gets_no_page(tmp_path: Path) -> None:
    path = _with_evidence(tmp_path / "tiny.seal", "does not run: no such operator.")
    with pytest.raises(
        PageError, match="In WebAssembly, the engine of the page, the model does not run: no such op"
    ) as caught:
        sealift.app(path)
    assert caught.value.code == "E607"
    assert [file.name for file in tmp_path.iterdir()] == ["tiny.seal"]


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        ("not asked for", "this was not requested when the model was packed"),
        ("not checked: Node is not installed.", "Node is not installed"),
    ],
)
def test_a_proof_without_webassembly_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], evidence: str, reason: str
) -> None:
    path = _with_evidence(tmp_path / "tiny.seal", evidence)
    sentence = f"The answers were not compared with the original's in WebAssembly, the engine of the page: {reason}."
    assert sealift.app(path).limitations == (sentence,)
    with pytest.raises(SystemExit) as ended:
        main(["app", str(path)])
    assert (ended.value.code, capsys.readouterr().out.splitlines()[-1]) == (0, f"Note: {sentence}")
    with pytest.raises(SystemExit):
        main(["app", str(path), "--json"])
    assert json.loads(capsys.readouterr().out)["limitations"] == [sentence]
