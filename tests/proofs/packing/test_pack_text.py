"""Models of strings, from training data to a sealed file that answers; and what the file does not contain."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import sealift
from packs import member, no_node  # noqa: F401 - a fixture
from sealift import SealiftError, canonical, seal
from sealift.batch import score
from sealift.cli import main
from sealift.stages.text import TextStage

RARE = "quillfeather"
COMMON = (
    "pain",
    "Fever",
    "COUGH",
    "caf\u00e9",
    "stra\u00dfe",
    "\u039f\u0394\u039f\u03a3",
    "\u65e5\u672c",
    "don't",
    "no",
    "the",
)


@cache
def notes() -> tuple[list[str], list[str]]:
    """200 notes of common words, three with a rare one; and the expected targets."""
    random = np.random.default_rng(2)
    texts = [" ".join(random.choice(COMMON, random.integers(1, 9))) for _ in range(200)]
    texts[::70] = [f"{text} {RARE}" for text in texts[::70]]
    return texts, ["ill" if "pain" in text or "COUGH" in text else "well" for text in texts]


@cache
def model(min_df: int = 1) -> Any:
    texts, truth = notes()
    reading = TfidfVectorizer(strip_accents="unicode", ngram_range=(1, 2), min_df=min_df)
    return make_pipeline(reading, LogisticRegression()).fit(texts, truth)


def _pack(fitted: Any, X: Any, path: Path, **options: Any) -> Any:
    return sealift.pack(fitted, X, name="notes", output=path / "notes.seal", **options)


FORMS: dict[str, Any] = {
    "list": list,
    "tuple": tuple,
    "array of objects": lambda texts: np.array(texts, dtype=object),
    "array of text": np.array,
    "pandas series": lambda texts: pd.Series(texts, name="note"),
    "nameless series": lambda texts: pd.Series(texts, index=range(5, 5 + len(texts))),
    "string series": lambda texts: pd.Series(texts, dtype="string"),
    "polars series": lambda texts: pl.Series("note", texts),
}


@pytest.mark.parametrize("form", FORMS)
def test_texts_in_every_form(form: str, tmp_path: Path) -> None:
    texts, truth = notes()
    packed = _pack(model(), FORMS[form](texts), tmp_path, y=truth)
    (field,) = packed.contract.inputs
    assert (field.name, field.dtype, field.missing, field.categories) == (
        "note" if form in ("pandas series", "polars series") else "text",
        *("string", "refused", None),
    )
    loaded = packed.load()
    assert loaded.self_test().passed
    for rows in (FORMS[form](texts), texts, {field.name: texts}, [{field.name: text} for text in texts]):
        answers = loaded.predict(rows)
        assert answers["label"].tolist() == model().predict(texts).tolist()
        np.testing.assert_allclose(answers["probability"], model().predict_proba(texts), rtol=1e-12)
    assert loaded.predict({field.name: "pain"})["label"].tolist() == ["ill"]


def test_strings_and_other_columns(tmp_path: Path) -> None:
    texts, truth = notes()
    random = np.random.default_rng(3)
    X = pd.DataFrame({"age": random.normal(60, 9, 200), "note": texts, "sex": random.choice(["f", "m"], 200)})
    X["sex"] = X["sex"].astype(object)
    reading = ColumnTransformer(
        [("n", TfidfVectorizer(), "note"), ("s", OneHotEncoder(), ["sex"]), ("a", StandardScaler(), ["age"])]
    )
    fitted = make_pipeline(reading, LogisticRegression()).fit(X, truth)
    packed = _pack(fitted, X, tmp_path)
    fields = {field.name: field for field in packed.contract.inputs}
    assert fields["note"].categories is None
    assert fields["sex"].categories == ("f", "m")
    assert packed.load().predict(X)["label"].tolist() == fitted.predict(X).tolist()
    X.to_csv(tmp_path / "rows.csv", index=False)
    summary = score(packed.load(), tmp_path / "rows.csv", tmp_path / "out.csv", chunk=64)
    assert (summary.rows, summary.refused) == (200, 0)
    assert pd.read_csv(tmp_path / "out.csv")["label"].tolist() == fitted.predict(X).tolist()


def test_a_million_hashed_columns(tmp_path: Path) -> None:
    texts, truth = notes()
    reading = HashingVectorizer(ngram_range=(1, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = make_pipeline(reading, SGDClassifier(random_state=0)).fit(texts, truth)
    packed = _pack(fitted, texts, tmp_path)
    assert packed.load().predict(texts)["label"].tolist() == fitted.predict(texts).tolist()
    assert not any("vocabulary" in note for note in packed.notes)


def test_generated_texts_are_made_of_words_that_many_share(tmp_path: Path) -> None:
    packed = _pack(model(), notes()[0], tmp_path)
    (stage,) = packed.contract.stages
    read = TextStage(stage.spec)
    shared = {term for word in COMMON for term in read.terms(word)} | {"s"}
    for name in ("golden/examples.json", "reference/background.json"):
        rows = [row[0] for row in member(packed, name)["rows"]]
        assert len(set(rows)) > 20
        assert RARE not in json.dumps(rows)
        odd = {word for row in rows for term in read.terms(row) for word in term.split()} - shared
        assert name.startswith("golden") or not odd
    assert packed.report.compared["text"] > 100


def test_rare_terms_of_a_vocabulary_are_reported_without_their_values(tmp_path: Path) -> None:
    packed = _pack(model(), notes()[0], tmp_path)
    (note,) = [note for note in packed.notes if "vocabulary" in note]
    assert "min_df=5" in note
    assert RARE not in note
    assert note in member(packed, "evidence.json")["notes"]
    common = _pack(model(min_df=5), notes()[0], tmp_path)
    assert not any("vocabulary" in note for note in common.notes)
    assert RARE.encode() not in common.path.read_bytes()


def test_missing_texts_are_refused_as_the_original_refuses_them(tmp_path: Path) -> None:
    loaded = _pack(model(), notes()[0], tmp_path).load()
    for missing in (None, float("nan")):
        with pytest.raises(SealiftError) as caught:
            loaded.predict({"text": ["pain", missing]})
        assert caught.value.code == "R101"
    with pytest.raises(SealiftError) as caught:
        _pack(model(), [*notes()[0], None], tmp_path)
    assert caught.value.code == "E305"


def test_a_data_frame_in_place_of_its_column_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(SealiftError, match="1 answers for 200 rows") as caught:
        _pack(model(), pd.DataFrame({"text": notes()[0]}), tmp_path)
    assert caught.value.code == "E305"
    assert "X['text']" in caught.value.fix
    assert not list(tmp_path.iterdir())


def test_a_csv_file_with_one_column_of_texts(tmp_path: Path) -> None:
    texts, truth = notes()
    joblib.dump(model(), tmp_path / "model.joblib")
    pd.DataFrame({"note": texts, "target": truth}).to_csv(tmp_path / "notes.csv", index=False)
    options = ["--data", str(tmp_path / "notes.csv"), "--target", "target", "--name", "notes", "--trust-pickle"]
    with pytest.raises(SystemExit) as ended:
        main(["pack", str(tmp_path / "model.joblib"), *options, "--output", str(tmp_path / "notes.seal")])
    assert ended.value.code in (0, None)
    assert sealift.load(tmp_path / "notes.seal").contract.inputs[0].name == "note"


def test_an_own_tokenizer_is_refused_with_the_remedy(tmp_path: Path) -> None:
    texts, truth = notes()
    fitted = make_pipeline(TfidfVectorizer(tokenizer=str.split, token_pattern=None), LogisticRegression())
    with pytest.raises(SealiftError, match="tokenizer is a function of your own") as caught:
        _pack(fitted.fit(texts, truth), texts, tmp_path)
    assert caught.value.code == "E302"
    assert "TfidfVectorizer" in caught.value.where


def test_a_malformed_stage_in_a_sealed_file_is_refused(tmp_path: Path) -> None:
    packed = _pack(model(), notes()[0], tmp_path)
    parts = {name: bytes(data) for name, data in packed.load().seal.members.items() if name != "manifest.json"}
    contract = json.loads(parts["contract.json"])
    contract["stages"][0]["spec"]["ngrams"] = [3, 1]
    parts["contract.json"] = canonical.dumps(contract)
    opsets = dict(packed.load().seal.manifest.opsets)
    fields: dict[str, Any] = {
        "name": "notes",
        "version": "1",
        "task": "classification",
        "producer": "tests",
        "opsets": opsets,
    }
    seal.write(tmp_path / "bad.seal", seal.assemble(parts, **fields))
    with pytest.raises(SealiftError, match="above the largest") as caught:
        sealift.load(tmp_path / "bad.seal")
    assert caught.value.code == "E106"
