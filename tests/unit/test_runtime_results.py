"""Results of models: types of answers, self-tests, examples, and frames of answers where rows have problems."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import pytest

import sealift
import seals
from sealift.contract import Contract, Output, columns_of, encode
from sealift.errors import ContractError, SealError
from sealift.runtime import engine
from sealift.runtime.answers import _POLARS, Answers, as_frame
from sealift.runtime.fit import _ELEMENTS
from sealift.runtime.golden import SelfTest, read_examples
from sealift.runtime.weights import _DTYPES, Weights

ANSWERS = {"label": np.array([1]), "probability": np.array([[0.25, 0.75]])}
WEIGHTS = Weights({"w": np.arange(3.0), "v": np.arange(2, dtype=np.float32)}, shared=True)


def test_types_are_those_of_onnx() -> None:
    for code, name in _DTYPES.items():
        assert onnx.helper.tensor_dtype_to_np_dtype(code) == np.dtype(name)
    assert set(_DTYPES) == {1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13}
    kinds = {"float32": "FLOAT", "float64": "DOUBLE", "int64": "INT64", "bool": "BOOL", "string": "STRING"}
    assert {name: onnx.TensorProto.DataType.Value(kind) for name, kind in kinds.items()} == _ELEMENTS


def test_types_are_those_of_polars() -> None:
    polars = pytest.importorskip("polars")
    python = {name: getattr(polars, kind).to_python() for name, kind in _POLARS.items()}
    assert python == {"float64": float, "int64": int, "bool": bool, "string": str}


def test_weights_that_are_shared_are_not_transposed() -> None:
    assert WEIGHTS.disabled == ("TransposeOptimizer", "TransposeOptimizer_CPUExecutionProvider")
    assert Weights(WEIGHTS.arrays, shared=False).disabled == ()
    assert WEIGHTS.size == 32


def test_the_result_of_a_self_test() -> None:
    for rows, matching, passed in ((4, 4, True), (4, 3, False), (0, 0, False)):
        result = SelfTest(rows, matching, {"value": 0.5})
        assert result.as_dict() == {"rows": rows, "matching": matching, "passed": passed, "worst": {"value": 0.5}}


EXAMPLES: dict[str, Any] = json.loads(seals.members()["golden/examples.json"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"source": "somewhere"}, "its source must be 'generated' or 'caller'"),
        ({"columns": ["age"]}, "its columns differ"),
        ({"rows": []}, "another number of values"),
        ({"answers": {**EXAMPLES["answers"], "label": [1, 0, 1]}}, "the number of answers differs"),
        ({"answers": {**EXAMPLES["answers"], "label": [1, 0, 1, True]}}, "True is not a 64-bit integer"),
        (
            {"answers": {**EXAMPLES["answers"], "label": [1, 0, 1, 2**63]}},
            "9223372036854775808 is not a 64-bit integer",
        ),
        ({"answers": {**EXAMPLES["answers"], "label": [1, 0, 1, 0.5]}}, "0.5 is not a 64-bit integer"),
        (
            {"answers": {**EXAMPLES["answers"], "probability": [[1.0]] * 4}},
            "the number of columns of an answer differs",
        ),
        ({"answers": {"label": [1, 0, 1, 1]}}, "its answers differ"),
        ({"tolerance": {"label": {"relative": 1e-9, "scale": 1.0}}}, "must not have a tolerance"),
        ({"tolerance": {"other": {"relative": 1e-9, "scale": 1.0}}}, "which is not an output"),
    ],
)
def test_malformed_examples_are_refused_with_the_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(SealError) as caught:
        read_examples({**EXAMPLES, **change}, seals.CONTRACT, {})
    assert (caught.value.code, caught.value.where) == ("E205", "golden/examples.json")
    assert reason in caught.value.what


def test_examples_are_read_with_the_types_of_their_outputs() -> None:
    largest = {**EXAMPLES, "answers": {**EXAMPLES["answers"], "label": [2**63 - 1, -(2**62), 1.0, 0]}}
    examples = read_examples(largest, seals.CONTRACT, {})
    assert examples.answers["label"].tolist() == [2**63 - 1, -(2**62), 1, 0]
    assert examples.answers["label"].dtype == np.int64
    assert examples.answers["probability"].shape == (4, 2)


# Frames of answers.


def answered(contract: Contract = seals.CONTRACT) -> Answers:
    rows = [{"age": 61.5, "weight": 80.0, "sex": "f"}, {"age": 500.0, "weight": None, "sex": "f"}]
    return Answers(encode(contract, columns_of(contract, rows)), contract, ANSWERS)


def test_answers_of_rows_with_problems_are_missing() -> None:
    answers = answered()
    assert answers["label"].tolist() == [1, None]
    assert answers["probability"][0].tolist() == [0.25, 0.75]
    assert np.isnan(answers["probability"][1]).all()
    first, second = answers.errors()
    assert first is None
    assert second is not None
    assert second.count("[R1") == 2


@pytest.mark.parametrize("library", ["pandas", "pyarrow", "list"])
def test_frames_of_answers(library: str) -> None:
    rows: Any = {
        "pandas": pd.DataFrame({"a": [1, 2]}, index=[7, 9]),
        "pyarrow": pa.table({"a": [1, 2]}),
        "list": [1, 2],
    }
    frame = as_frame(seals.CONTRACT, answered(), rows[library])
    if library == "pyarrow":
        assert isinstance(frame, pa.Table)
        assert frame.column("label").to_pylist() == [1, None]
        assert str(frame.schema.field("label").type) == "int64"
        assert frame.column(frame.column_names[1]).null_count == 1
        assert frame.column("error").null_count == 1
        return
    assert list(frame.index) == ([7, 9] if library == "pandas" else [0, 1])
    assert str(frame["label"].dtype) == "Int64"
    assert frame["label"].isna().tolist() == [False, True]
    assert frame["error"].isna().tolist() == [True, False]
    assert list(frame.columns) == ["label", "label_name", "probability_healthy", "probability_ill", "error"]


def test_a_frame_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="needs pandas") as caught:
        as_frame(seals.CONTRACT, ANSWERS, [1])
    assert getattr(caught.value, "code", "") == "E405"


# Predictions.


@pytest.mark.parametrize("count", [1, 3, 2000])
@pytest.mark.parametrize("frame", [False, True])
def test_unknown_columns_are_ignored_where_that_is_asked(count: int, frame: bool, tiny: Path) -> None:
    model = sealift.load(tiny)
    row = {"age": 61.5, "weight": 80.0, "sex": "f"}
    expected = model.predict([row] * count)["probability"]
    rows: Any = [{**row, "extra": 1}] * count
    rows = pd.DataFrame(rows) if frame else rows
    np.testing.assert_array_equal(model.predict(rows, ignore_extra=True)["probability"], expected)
    as_table = model.predict(rows, ignore_extra=True, as_frame=True)
    np.testing.assert_array_equal(as_table["probability_ill"].to_numpy(), expected[:, 1])
    with pytest.raises(ContractError, match="E102"):
        model.predict(rows)


def test_rows_that_are_all_refused(tiny: Path) -> None:
    model = sealift.load(tiny)
    answers = model.predict([{"age": 500.0, "weight": 80.0, "sex": "f"}] * 2, on_error="null")
    assert answers["label"].tolist() == [None, None]
    assert np.isnan(answers["probability"]).all()
    assert [problem.row for problem in answers.problems] == [1, 2]


def test_a_graph_is_not_run_without_rows(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some graphs fail without rows, where the answers are missing in any case."""
    model = sealift.load(tiny)

    def run(*_: Any) -> Any:
        raise AssertionError("the graph is run")

    monkeypatch.setattr(model, "answer", run)
    rows = [{"age": 500.0, "weight": 80.0, "sex": "f"}]
    assert model.predict(rows, on_error="null")["label"].tolist() == [None]
    with pytest.raises(AssertionError, match="is run"):
        model.predict([*rows, {"age": 50.0, "weight": 80.0, "sex": "f"}], on_error="null")


def test_a_model_runs_in_this_process_unless_limits_are_given(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []

    def isolated(graph: Any, **options: Any) -> Any:
        given.append(options)
        return engine.Engine(graph)

    monkeypatch.setattr("sealift.runtime.model.IsolatedEngine", isolated)
    _ = sealift.load(tiny).engine
    assert given == []
    limits = sealift.Limits(seconds=2, memory=1)
    for options in ({"isolated": True}, {"limits": limits}, {"limits": limits, "threads": 3}):
        model = sealift.load(tiny, **options)
        _ = model.engine
        assert given[-1]["declared"] == seals.CONTRACT.outputs
        assert (given[-1]["stages"], given[-1]["threads"]) == (model.stages, options.get("threads"))
        assert given[-1]["limits"] == options.get("limits", sealift.Limits())


def test_a_model_is_closed_at_the_end_of_a_block(tiny: Path) -> None:
    row = {"age": 61.5, "weight": 80.0, "sex": "f"}
    with sealift.load(tiny) as model:
        assert model.predict(row)["label"].tolist() == [1]
    with pytest.raises(SealError, match="closed"):
        model.predict(row)


@pytest.mark.parametrize(("values", "kind"), [((0, 1), "i"), (("no", "yes"), "O"), ((False, True), "b")])
def test_classes_keep_their_types(
    values: tuple[Any, ...], kind: str, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = sealift.load(tiny)
    dtype: Any = {"i": "int64", "O": "string", "b": "bool"}[kind]
    label = Output(name="label", kind="label", dtype=dtype, classes=values)
    monkeypatch.setattr(model, "contract", replace(seals.CONTRACT, outputs=(label,), headline=None))
    assert (model.classes_.dtype.kind, model.classes_.tolist()) == (kind, [*values])


def test_the_warning_of_telemetry_is_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", sys.modules.get("onnxruntime") or engine.library())
    monkeypatch.setattr(engine, "_warned", False)
    monkeypatch.setenv(engine._SWITCH, "1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.library()
    monkeypatch.setenv(engine._SWITCH, "0")
    with pytest.warns(RuntimeWarning, match="Import sealift first"):
        engine.library()
    monkeypatch.setenv(engine._SWITCH, "0")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.library()


@pytest.mark.parametrize("count", [299, 300, 301, 1000])
def test_long_reasons_are_cut(count: int) -> None:
    error = engine.cannot_run(RuntimeError("x" * count))
    assert error.what == f"The model cannot be run on this machine: {'x' * min(count, 300)}."
    assert engine.cannot_run(MemoryError()).code == "E210"
