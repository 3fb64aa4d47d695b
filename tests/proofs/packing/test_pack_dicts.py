"""Rows that are dicts: packed and proven as they are, answered with any key absent, or refused with the reason."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.image import PatchExtractor
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import MaxAbsScaler, MultiLabelBinarizer

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.cli import main
from sealift.errors import SealiftError
from sealift.packing.doctor import doctor

Row = dict[Any, Any]
CITIES = ["Paris", "K\u00f6ln", "a=b"]


@cache
def rows() -> tuple[list[Row], list[str]]:
    """160 rows of numbers, whole numbers, booleans and texts, each often absent; and the expected targets."""
    pick = random.Random(1)
    rows_given: list[Row] = []
    for _ in range(160):
        row: Row = {"dose": pick.gauss(5, 2), "city": pick.choice(CITIES), "visits": pick.randint(0, 9)}
        row["smoker"] = pick.random() < 0.4
        rows_given.append({key: value for key, value in row.items() if pick.random() < 0.85})
    return rows_given, ["ill" if row.get("dose", 5) > 5 or row.get("city") == "Paris" else "well" for row in rows_given]


def fitted(model: Any, X: Any = None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(rows()[0] if X is None else X, rows()[1] if X is None else ["ill", "well"] * (len(X) // 2))


def linear(*steps: Any) -> Any:
    return make_pipeline(*steps, LogisticRegression(max_iter=3000))


MODELS: dict[str, Callable[[], Any]] = {
    "alone": DictVectorizer,
    "single and dense": lambda: DictVectorizer(dtype=np.float32, sparse=False, separator="|"),
    "linear": lambda: linear(DictVectorizer()),
    "scaled": lambda: linear(DictVectorizer(), MaxAbsScaler()),
    "weighted": lambda: linear(DictVectorizer(), TfidfTransformer()),
    "forest": lambda: make_pipeline(DictVectorizer(), RandomForestClassifier(5, random_state=0)),
    "searched": lambda: GridSearchCV(linear(DictVectorizer()), {"logisticregression__C": [0.1, 1.0]}, cv=2),
    "calibrated": lambda: CalibratedClassifierCV(linear(DictVectorizer()), cv=2),
    "united": lambda: linear(make_union(DictVectorizer(), FeatureHasher(32))),
    "hashed": lambda: FeatureHasher(16),
    "hashed into few": lambda: FeatureHasher(3, alternate_sign=False, dtype=np.float32),
    "hashed, linear": lambda: linear(FeatureHasher(2**18)),
    "hashed, weighted": lambda: linear(FeatureHasher(64, alternate_sign=False), TfidfTransformer()),
    "hashed, forest": lambda: make_pipeline(FeatureHasher(32), RandomForestClassifier(5, random_state=0)),
}
ASKED: list[Row] = [
    {"dose": 4.5, "city": "Paris", "visits": 3, "smoker": True},
    {"city": "nowhere", "dose": -1e6},
    {"city": ""},
    {"visits": 0},
    {},
]


@pytest.mark.parametrize("kind", MODELS)
def test_models(kind: str, tmp_path: Path) -> None:
    X, y = rows()
    model = fitted(MODELS[kind]())
    packed = sealift.pack(model, X, y, name="d", output=tmp_path / "d.seal")
    assert packed.report.refused <= (5 if "weighted" in kind else 0)  # a root of a negative sum
    assert {f.name: (f.dtype, f.missing, f.unknown) for f in packed.contract.inputs} == {
        "dose": ("float64", "allowed", "allowed"),
        "city": ("string", "allowed", "allowed"),
        "visits": ("int64", "allowed", "allowed"),
        "smoker": ("bool", "allowed", "allowed"),
    }
    assert set(packed.contract.inputs[packed.contract.index["city"]].categories or ()) == set(CITIES)
    loaded = packed.load()
    assert loaded.self_test().passed
    asked = ASKED if "weighted" not in kind else [ASKED[0]]
    method, output = ("transform", "features") if hasattr(model, "transform") else ("predict_proba", "probability")
    truth = getattr(model, method)(asked)
    truth = truth.toarray() if hasattr(truth, "toarray") else truth
    np.testing.assert_allclose(loaded.predict(asked)[output], truth, rtol=1e-9, atol=1e-15)
    for row, one in zip(asked, truth, strict=True):
        np.testing.assert_allclose(loaded.predict([row])[output][0], one, rtol=1e-9, atol=1e-15)
    diagnosis = doctor(model, X)
    assert (diagnosis.supported, diagnosis.agrees) == (True, True), diagnosis.text()


def test_a_value_of_another_type_is_refused_by_the_contract(tmp_path: Path) -> None:
    loaded = sealift.pack(fitted(linear(DictVectorizer())), rows()[0], name="d", output=tmp_path / "d.seal").load()
    for row, code, message in [
        ({"city": 3}, "R102", '"city" is 3, but must be text'),
        ({"city": ["Paris"]}, "R102", "must be text"),
        ({"dose": "high"}, "R102", '"dose" is the text'),
        ({"smoker": 2}, "R102", "true or false"),
        ({"dose": 1.0, "Visits": 2}, "E101", "lack"),
        ({"dose": 1.0, "ward": "ICU"}, "E102", "ward"),
    ]:
        with pytest.raises(SealiftError, match=message) as caught:
            loaded.predict([row])
        assert caught.value.code == code
    assert len(loaded.predict([{"dose": 1.0, "ward": "ICU"}], ignore_extra=True)["label"]) == 1


def test_the_file_of_a_hasher_contains_no_strings_of_x(tmp_path: Path) -> None:
    X = [{**row, "name": f"Quillfeather {i:03d}"} for i, row in enumerate(rows()[0])]
    packed = sealift.pack(fitted(linear(FeatureHasher(64)), X), X, name="d", output=tmp_path / "d.seal")
    assert b"Quillfeather" not in packed.path.read_bytes()
    assert packed.contract.inputs[packed.contract.index["name"]].categories is None


def test_keys_that_are_missing_in_the_rows_but_not_in_the_model(tmp_path: Path) -> None:
    model = fitted(linear(DictVectorizer()))
    packed = sealift.pack(model, [{"dose": 1.0, "odd": 3}, {"dose": 2.0}], name="d", output=tmp_path / "d.seal")
    assert packed.contract.inputs[0].name == "dose"
    assert {f.name: f.dtype for f in packed.contract.inputs} == {
        **dict.fromkeys(("dose", "smoker", "visits"), "float64"),
        "city": "string",
    }
    assert any('ignores these keys of X, so they are not inputs: "odd".' in note for note in packed.notes)
    row = {"dose": 3.0, "city": "K\u00f6ln", "visits": 4}
    np.testing.assert_allclose(packed.load().predict([row])["probability"], model.predict_proba([row]), rtol=1e-12)


def test_missing_is_nan_where_the_rows_say_so(tmp_path: Path) -> None:
    """As `frame.to_dict("records")` has it: no key is absent, and a vectorizer hands NaN on."""
    X = [{key: row.get(key, np.nan) for key in ("dose", "city", "visits")} for row in rows()[0]]
    model = make_pipeline(DictVectorizer(sparse=False), HistGradientBoostingClassifier(max_iter=5))
    model.fit(X, rows()[1])
    packed = sealift.pack(model, X, name="d", output=tmp_path / "d.seal")
    assert packed.report.compared["missing"] > 0
    asked = [{"dose": np.nan, "city": np.nan, "visits": 3}, {"dose": 9.0, "city": "Paris", "visits": np.nan}]
    np.testing.assert_allclose(packed.load().predict(asked)["probability"], model.predict_proba(asked), rtol=1e-9)
    absent = [{"visits": 3}]  # which is no other thing to the sealed model
    assert packed.load().predict(absent)["label"].tolist() == model.predict(asked[:1]).tolist()


FORMS: dict[str, Callable[[list[Row]], Any]] = {
    "tuple": tuple,
    "series": pd.Series,
    "array of objects": lambda X: np.array(X, dtype=object),
    "generator": lambda X: (row for row in X),
    "one row": lambda X: X[0],
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, tmp_path: Path) -> None:
    packed = sealift.pack(
        fitted(linear(DictVectorizer())), FORMS[form](rows()[0]), name="d", output=tmp_path / "d.seal"
    )
    assert packed.report.compared["caller"] == (1 if form == "one row" else 160)


@pytest.mark.parametrize("keys", [(0, 1), (("a", 1), ("b", 2)), ("a", "b c")], ids=repr)
def test_keys_of_any_kind(keys: tuple[Any, Any], tmp_path: Path) -> None:
    X = [{keys[0]: float(i % 7), keys[1]: float(i % 3)} for i in range(60)]
    model = fitted(linear(DictVectorizer()), X)
    packed = sealift.pack(model, X, name="d", output=tmp_path / "d.seal")
    assert [f.name for f in packed.contract.inputs] == [str(key) for key in keys]
    assert packed.load().predict(X)["label"].tolist() == model.predict(X).tolist()


def unfitted() -> Pipeline:
    model = fitted(linear(DictVectorizer()))
    return Pipeline([("dicts", DictVectorizer()), model.steps[1]])


REFUSED: dict[str, tuple[str, Callable[[list[Row]], Any], str, str]] = {
    "a frame": ("E305", pd.DataFrame, "whose rows are dicts, but X is of the type DataFrame", "to_dict('records')"),
    "an array": ("E305", lambda X: np.zeros((3, 2)), "type ndarray", "list of dicts"),
    "texts": ("E305", lambda X: ["a", "b"], "type list", "list of dicts"),
    "columns": ("E305", lambda X: {"dose": [1.0], "city": ["Paris"]}, "type dict", "list of dicts"),
    "a number": ("E305", lambda X: 5, "type int", "list of dicts"),
    "no rows": ("E305", lambda X: [], "no rows", "Give the rows"),
    "a key of two types": ("E304", lambda X: [{"dose": "x"}, *X], "float, str", "numbers, strings, booleans or dates"),
    "lists of texts": ("E304", lambda X: [{"city": ["Paris", "Rome"]}, *X], "lists of strings", "key of its own"),
    "sets of texts": ("E304", lambda X: [{"city": {"Paris"}}, *X], "lists of strings", "key of its own"),
    "dicts in dicts": ("E304", lambda X: [{"city": {"a": 1}}, *X], "dict, str", "numbers, strings, booleans or dates"),
    "NaN and absent": ("E304", lambda X: [{"dose": None}, *X], "absent from others", "leave the key out"),
    "U+0000": ("E304", lambda X: [{"city": "a\0"}, *X], "U+0000", "Remove such characters"),
    "large numbers": ("E304", lambda X: [{"visits": 2**60}, *X], "beyond 2**53", "turn it into strings"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_rows_that_are_refused(kind: str, tmp_path: Path) -> None:
    code, make, what, fix = REFUSED[kind]
    with pytest.raises(SealiftError) as caught:
        sealift.pack(fitted(linear(DictVectorizer())), make(rows()[0]), name="d", output=tmp_path / "d.seal")
    error = caught.value
    assert (error.code, what in error.what, fix in error.fix) == (code, True, True), error
    assert not list(tmp_path.iterdir())


def test_keys_without_a_name_of_their_own(tmp_path: Path) -> None:
    for X, what in [
        ([{"": 1.0}, {"": 2.0}], "without a readable name"),
        ([{"\ud800": 1.0}, {"\ud800": 2.0}], "without a readable name"),
        ([{1: 1.0, 1.5: 2.0}, {1: 2.0}], None),
    ]:
        model = fitted(linear(DictVectorizer()), X)
        if what is None:
            sealift.pack(model, X, name="d", output=tmp_path / "d.seal")
            continue
        with pytest.raises(SealiftError, match=what):
            sealift.pack(model, X, name="d", output=tmp_path / "d.seal")
    model = make_pipeline(DictVectorizer(sort=False), LogisticRegression()).fit([{1: 1.0, "1": 2.0}, {1: 2.0}], [0, 1])
    with pytest.raises(SealiftError, match="two keys with the same string '1'") as caught:
        sealift.pack(model, [{1: 1.0, "1": 2.0}], name="e", output=tmp_path / "e.seal")
    assert caught.value.code == "E304"


STEPS: dict[str, tuple[Callable[[], Any], Any, str, str]] = {
    "sets of labels": (
        lambda: MultiLabelBinarizer().fit([("a",), ("a", "b")]),
        [("a",), ("a", "b")] * 30,
        "encodes the training target",
        "Pack the classifier that was trained on its result",
    ),
    "images": (
        lambda: PatchExtractor(patch_size=(2, 2)).fit(np.zeros((4, 6, 6))),
        np.zeros((4, 6, 6)),
        "takes images",
        "Cut the images into patches before the model",
    ),
    "lists of names": (
        lambda: FeatureHasher(input_type="string").fit(),
        [["a", "b"]] * 20,
        "lists of names (input_type='string')",
        "HashingVectorizer",
    ),
    "pairs": (
        lambda: FeatureHasher(input_type="pair").fit(),
        [[("a", 1)]] * 20,
        "lists of names (input_type='pair')",
        "input_type='dict'",
    ),
}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("kind", STEPS)
def test_steps_whose_rows_no_contract_describes(kind: str, inside: bool, tmp_path: Path) -> None:
    make, X, what, fix = STEPS[kind]
    step = make()
    where = type(step).__name__
    model = Pipeline([("first", step)]) if inside else step
    with pytest.raises(SealiftError) as caught:
        sealift.pack(model, X, name="d", output=tmp_path / "d.seal")
    error = caught.value
    assert error.code == "E302"
    assert error.where == (f"Pipeline \u203a first ({where})" if inside else where)
    assert what in error.what
    assert fix in error.fix
    (obstacle,) = doctor(model, X).obstacles
    assert (obstacle.code, obstacle.where, obstacle.what) == (error.code, error.where, error.what)
    assert doctor(model).obstacles == [obstacle]


def test_a_step_that_was_never_fitted(tmp_path: Path) -> None:
    with pytest.raises(SealiftError, match="never fitted") as caught:
        sealift.pack(unfitted(), rows()[0], name="d", output=tmp_path / "d.seal")
    assert caught.value.code == "E301"


@pytest.mark.parametrize("hashed", [False, True])
def test_the_command_line(hashed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table file to a sealed model of dicts, and its answers to table files."""
    X, y = rows()
    model = fitted(linear(FeatureHasher(64) if hashed else DictVectorizer()))
    joblib.dump(model, tmp_path / "model.joblib")
    pd.DataFrame(X).assign(target=y).to_csv(tmp_path / "rows.csv", index=False)
    options = ["--data", str(tmp_path / "rows.csv"), "--target", "target", "--trust-pickle"]

    def run(*arguments: str) -> None:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        assert ended.value.code in (0, None), capsys.readouterr()

    run("doctor", str(tmp_path / "model.joblib"), *options)
    assert "the answers to 160 of your rows agree" in capsys.readouterr().out
    run("pack", str(tmp_path / "model.joblib"), *options, "--name", "d", "--output", str(tmp_path / "d.seal"))
    pd.DataFrame(X).to_csv(tmp_path / "asked.csv", index=False)
    run("predict", str(tmp_path / "d.seal"), str(tmp_path / "asked.csv"), "-o", str(tmp_path / "answers.csv"))
    assert pd.read_csv(tmp_path / "answers.csv")["label"].tolist() == model.predict(X).tolist()
    lines = [json.dumps({"dose": 1.0, "city": None, "visits": 0, "smoker": True}), json.dumps({"city": 7})]
    (tmp_path / "asked.jsonl").write_text("\n".join(lines))
    with pytest.raises(SystemExit):
        main(["predict", str(tmp_path / "d.seal"), str(tmp_path / "asked.jsonl"), "-o", str(tmp_path / "a.csv")])
    answers = pd.read_csv(tmp_path / "a.csv")
    assert answers["label"][0] == model.predict([{"dose": 1.0, "visits": 0, "smoker": True}])[0]
    assert "R102" in answers["error"][1]
