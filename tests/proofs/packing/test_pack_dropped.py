"""Columns that a model drops: no inputs, no obstacle whatever their type, and nothing of them in the file."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import sealift
from packs import member, no_node, text  # noqa: F401
from sealift.batch import score
from sealift.errors import ContractError, PackError
from sealift.packing import Packed

RANDOM = np.random.default_rng(5)
ROWS = 240
PLANTED = "Ottilie Planted"
FRAME = pd.DataFrame(
    {
        "id": np.arange(ROWS) + 2**60,
        "age": RANDOM.integers(20, 90, ROWS).astype(float),
        "name": [PLANTED if i % 3 else f"Someone {i}" for i in range(ROWS)],
        "sex": RANDOM.choice(["f", "m"], ROWS),
        "noise": np.round(RANDOM.normal(size=ROWS), 6) + 77_123.25,
        "dose": RANDOM.normal(size=ROWS),
    }
)
TRUTH = (FRAME["age"] + 5 * FRAME["dose"] > 55).astype(int)
NAMED = ColumnTransformer([("n", StandardScaler(), ["age", "dose"]), ("c", OneHotEncoder(), ["sex"])])


def _pack(model: Any, X: Any, path: Path, **options: Any) -> Packed:
    return sealift.pack(model, X, TRUTH, name="dropped", output=path / "dropped.seal", **options)


def _pipelines() -> dict[str, tuple[Any, list[str]]]:
    numbers = ["age", "noise", "dose"]
    scaled = make_pipeline(SimpleImputer(), MinMaxScaler(), SelectKBest(k=2))
    words = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"), VarianceThreshold(0.23)
    )
    union = FeatureUnion([("a", SelectKBest(k=1)), ("b", "drop"), ("c", SelectKBest(k=2))])
    framed = SimpleImputer().set_output(transform="pandas")
    return {
        "a column transformer by names": (NAMED, ["age", "sex", "dose"]),
        "a column transformer that drops": (
            ColumnTransformer([("gone", "drop", ["id", "name", "sex", "noise"])], remainder="passthrough"),
            ["age", "dose"],
        ),
        "a column transformer by types": (
            make_pipeline(
                ColumnTransformer([("n", "passthrough", make_column_selector(dtype_include=np.floating))]),
                StandardScaler(),
            ),
            numbers,
        ),
        "a selection behind a scaler": (ColumnTransformer([("n", scaled, numbers)]), ["age", "dose"]),
        "a selection behind an encoder": (
            ColumnTransformer([("w", words, ["name", "sex"]), ("n", "passthrough", ["age"])]),
            ["age", "sex"],
        ),
        "a union of selections": (ColumnTransformer([("n", union, numbers)]), ["age", "dose"]),
        "nested, behind an imputer": (
            ColumnTransformer(
                [("n", make_pipeline(framed, ColumnTransformer([("k", "passthrough", ["age", "dose"])])), numbers)]
            ),
            ["age", "dose"],
        ),
        "a function": (FunctionTransformer(lambda df: df[["age", "dose"]] * 2.0), ["age", "dose"]),
        "a function that drops": (
            FunctionTransformer(lambda df: df.drop(columns=["id", "name", "sex", "noise"])),
            ["age", "dose"],
        ),
    }


@pytest.mark.parametrize("kind", _pipelines())
def test_are_no_inputs(kind: str, tmp_path: Path) -> None:
    steps, inputs = _pipelines()[kind]
    model = make_pipeline(steps, LogisticRegression()).fit(FRAME, TRUTH)
    packed = _pack(model, FRAME, tmp_path)
    assert [f.name for f in packed.contract.inputs] == inputs
    dropped = [name for name in FRAME if name not in inputs]
    assert [(c.name, c.position) for c in packed.contract.ignored] == [
        (name, list(FRAME).index(name)) for name in dropped
    ]
    held = packed.path.read_bytes()
    assert PLANTED.encode() not in held
    assert (b"77123" in held) == ("noise" in inputs)
    sealed = packed.load()
    wanted = model.predict_proba(FRAME)
    for rows in (FRAME, FRAME[inputs], FRAME[inputs[::-1]], FRAME.to_numpy(dtype=object)):
        np.testing.assert_allclose(sealed.predict(rows)["probability"], wanted, atol=1e-9)
    listed = ", ".join(f'"{name}"' for name in dropped)
    (note,) = [note for note in packed.notes if "drops" in note]
    assert note.startswith(f"The model drops these columns, so they are not inputs: {listed}.")
    assert note in text(packed, "card.md")
    assert "The model drops these columns of the training rows" in text(packed, "card.md")
    assert note in sealift.doctor(model, FRAME).notes


OF_ANY_TYPE: dict[str, Any] = {
    "lists": [[1, 2]] * ROWS,
    "spans": pd.to_timedelta(np.arange(ROWS), unit="D"),
    "zoned": pd.date_range("2020-01-01", periods=ROWS, tz="UTC"),
    "periods": pd.period_range("2020-01", periods=ROWS, freq="D"),
    "mixed": [1, "one"] * (ROWS // 2),
    "bytes": [b"x"] * ROWS,
    "large": np.arange(ROWS) + 2**60,
    "NUL": ["a\0b"] * ROWS,
    "complex": np.ones(ROWS) * 1j,
    "half": np.ones(ROWS, dtype=np.float16),
    "times": [datetime.time(12)] * ROWS,
    "intervals": pd.cut(FRAME["age"], 3),
    "nothing": [None] * ROWS,
}


@pytest.mark.parametrize("kind", OF_ANY_TYPE)
def test_of_any_type(kind: str, tmp_path: Path) -> None:
    frame = FRAME[["age", "sex", "dose"]].copy()
    frame.insert(1, "other", OF_ANY_TYPE[kind])
    model = make_pipeline(NAMED, DecisionTreeClassifier(max_depth=4, random_state=0)).fit(frame, TRUTH)
    packed = _pack(model, frame, tmp_path)
    assert [c.name for c in packed.contract.ignored] == ["other"]
    sealed = packed.load()
    assert (sealed.predict(frame)["label"] == model.predict(frame)).all()
    assert sealift.doctor(model, frame).supported


def test_a_used_column_of_an_unsupported_type_is_refused() -> None:
    frame = FRAME.assign(spans=OF_ANY_TYPE["spans"])
    made = ColumnTransformer([("n", StandardScaler(), ["age"]), ("d", "passthrough", ["spans"])])
    model = make_pipeline(made, DecisionTreeClassifier()).fit(frame.assign(spans=1.0), TRUTH)
    with pytest.raises(PackError, match="timedelta64") as raised:
        sealift.pack(model, frame, TRUTH, name="used")
    assert (raised.value.code, raised.value.where) == ("E304", "column 'spans'")
    (obstacle,) = sealift.doctor(model, frame).obstacles
    assert (obstacle.code, obstacle.where) == ("E304", "column 'spans'")


def test_polars_and_arrays(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {"age": FRAME["age"].to_list(), "when": [datetime.timedelta(1)] * ROWS, "dose": FRAME["dose"].to_list()}
    )
    chosen = ColumnTransformer([("n", StandardScaler(), ["age", "dose"])])
    model = make_pipeline(chosen, LogisticRegression()).fit(frame, TRUTH)
    assert [c.name for c in _pack(model, frame, tmp_path).contract.ignored] == ["when"]
    array = FRAME[["age", "noise", "dose"]].to_numpy()
    model = make_pipeline(ColumnTransformer([("n", StandardScaler(), [0, 2])]), LogisticRegression()).fit(array, TRUTH)
    packed = _pack(model, array, tmp_path)
    assert [f.name for f in packed.contract.inputs] == ["x0", "x2"]
    sealed = packed.load()
    for rows in (array, array[:, [0, 2]]):
        assert (sealed.predict(rows)["label"] == model.predict(array)).all()
    with pytest.raises(ContractError, match="2 inputs and 1 columns that it ignores") as raised:
        sealed.predict(np.ones((2, 4)))
    assert raised.value.code == "E104"


def test_the_original_is_called_with_values_of_x(tmp_path: Path) -> None:
    strict = make_pipeline(
        ColumnTransformer([("code", OrdinalEncoder(), ["name"]), ("n", "passthrough", ["age", "dose"])]),
        ColumnTransformer([("kept", "passthrough", [1, 2])]),
        DecisionTreeClassifier(max_depth=3, random_state=0),
    )
    model = strict.fit(FRAME, TRUTH)
    packed = _pack(model, FRAME, tmp_path)
    assert "refuses" not in " ".join(packed.notes)
    assert PLANTED.encode() not in packed.path.read_bytes()


def test_a_constant_prediction_keeps_its_inputs(tmp_path: Path) -> None:
    from sklearn.dummy import DummyClassifier

    model = DummyClassifier().fit(FRAME[["age", "dose"]], TRUTH)
    packed = _pack(model, FRAME[["age", "dose"]], tmp_path)
    assert [f.name for f in packed.contract.inputs] == ["age", "dose"]
    assert packed.contract.ignored == ()


def test_what_is_said_of_dropped_columns_is_passed_over(tmp_path: Path) -> None:
    model = make_pipeline(NAMED, LogisticRegression()).fit(FRAME, TRUTH)
    packed = _pack(
        model,
        FRAME,
        tmp_path,
        contract=sealift.ContractOptions(fields={"name": {"personal": True}, "age": {"units": "years"}}),
    )
    assert packed.contract.inputs[0].units == "years"
    with pytest.raises(PackError, match="'nmae', which is not an input"):
        _pack(model, FRAME, tmp_path, contract=sealift.ContractOptions(fields={"nmae": {"personal": True}}))


def test_kept_rows_contain_only_inputs(tmp_path: Path) -> None:
    model = make_pipeline(NAMED, LogisticRegression()).fit(FRAME, TRUTH)
    packed = _pack(model, FRAME, tmp_path, privacy=sealift.PrivacyOptions(keep_rows=True))
    assert member(packed, "golden/examples.json")["columns"] == ["age", "sex", "dose"]
    assert PLANTED.encode() not in packed.path.read_bytes()


def test_files_with_and_without(tmp_path: Path) -> None:
    model: Pipeline = make_pipeline(NAMED, LogisticRegression()).fit(FRAME, TRUTH)
    sealed = _pack(model, FRAME, tmp_path).load()
    wanted = model.predict(FRAME).tolist()
    FRAME.to_csv(tmp_path / "all.csv", index=False)
    FRAME[["dose", "sex", "age"]].to_csv(tmp_path / "few.csv", index=False)
    FRAME.astype({"id": str}).to_parquet(tmp_path / "all.parquet")
    (tmp_path / "all.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in FRAME.astype({"id": str}).to_dict("records"))
    )
    for name in ("all.csv", "few.csv", "all.parquet", "all.jsonl"):
        score(sealed, tmp_path / name, tmp_path / "out.csv")
        assert pd.read_csv(tmp_path / "out.csv")["label"].tolist() == wanted
    score(sealed, tmp_path / "all.csv", tmp_path / "out.csv", keep=["id"])
    assert pd.read_csv(tmp_path / "out.csv")["id"].tolist() == FRAME["id"].tolist()
    FRAME.assign(ward=3).to_csv(tmp_path / "more.csv", index=False)
    with pytest.raises(ContractError, match='"ward"') as raised:
        score(sealed, tmp_path / "more.csv", tmp_path / "out.csv")
    assert raised.value.code == "E102"
