"""The rows that a file is compared with: as they are, in the units of each step, and their target values."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pandas as pd
import pytest
from onnx import helper, numpy_helper
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, QuantileTransformer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from sealift.contract import Field
from sealift.errors import LimitError, SealError
from sealift.frameworks import Conversion, convert, source_of
from sealift.frameworks.base import Learned
from sealift.graph.split_model import SplitModel
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.detect import read_rows
from sealift.packing.privacy import reference as module
from sealift.packing.privacy.reference import Reference, Units, reference_of

_Floats = npt.NDArray[np.float64]
RANDOM = np.random.default_rng(0)
X = pd.DataFrame(RANDOM.normal(50, 10, (60, 3)), columns=["a", "b", "c"])
Y = X["a"] * 2 + RANDOM.normal(size=60)
WITH_TEXT = X.assign(sex=np.array(["f", "m", None] * 20, dtype=object), city=[f"city {i % 7}" for i in range(60)])


def converted(model: Any, rows: Any) -> tuple[InputRows, Conversion, onnx.ModelProto]:
    read = read_rows(rows, source_of(model, rows))
    fields = [Field(name=column.name, dtype=column.dtype, missing="allowed") for column in read.columns]
    conversion = convert(model, fields, read.nulls, read.seen, read.dtypes)
    return read, conversion, conversion.model()


def made(model: Any, rows: Any = X, truth: Any = Y) -> Reference:
    read, conversion, graph = converted(model.fit(rows, Y if truth is None else truth), rows)
    return reference_of(read, truth, conversion, SplitModel(graph, {}))


def having(reference: Reference, values: Any) -> Units:
    """The only units that hold these numbers."""
    wanted = np.asarray(values, dtype=np.float64)
    (units,) = [
        u for u in reference.units if u.values.shape == wanted.shape and np.allclose(u.values, wanted, equal_nan=True)
    ]
    return units


def test_the_callers_numbers_are_the_first_units() -> None:
    reference = made(make_pipeline(StandardScaler(), Ridge()))
    own = reference.units[0]
    assert (own.where, own.names, own.own, own.target) == ("", ("a", "b", "c"), True, False)
    assert np.array_equal(own.values, X)
    assert own.single is not None
    assert np.array_equal(own.single, X)
    assert (reference.rows, reference.compared) == (60, 60)
    assert [units.own for units in reference.units if not units.target].count(True) == 1


def test_what_a_step_is_given_has_its_path_and_names() -> None:
    reference = made(make_pipeline(StandardScaler(), Ridge()))
    scaled = having(reference, StandardScaler().fit_transform(X))
    assert "ridge" in scaled.where
    assert scaled.names == ("a", "b", "c")
    assert scaled.single is not None
    assert np.array_equal(scaled.single, scaled.values)
    assert not scaled.own
    assert not scaled.target


def test_numbers_beside_texts_are_compared_in_the_units_of_their_step() -> None:
    rows = X.assign(note=[f"fever {'cough' if i % 2 else 'ache'} day {i % 11}" for i in range(60)])
    parts = [("words", CountVectorizer(), "note"), ("numbers", StandardScaler(), ["a", "b"])]
    reference = made(make_pipeline(ColumnTransformer(parts, sparse_threshold=0), Ridge()), rows[["a", "b", "note"]])
    assert reference.compared == 60
    centred = having(reference, rows[["a", "b"]] - rows[["a", "b"]].mean())
    assert centred.values.dtype == np.float64


def test_other_inner_tensors_have_numbered_columns() -> None:
    reference = made(make_pipeline(StandardScaler(), Ridge()))
    centred = having(reference, X - X.mean())
    assert (centred.where, centred.names) == ("", ("column 0", "column 1", "column 2"))


def test_filled_gaps_are_not_compared_one_by_one() -> None:
    gaps = X.copy()
    gaps.loc[[3, 9], "b"] = np.nan
    reference = made(make_pipeline(SimpleImputer(), Ridge()), gaps)
    filled = having(reference, SimpleImputer().fit_transform(gaps))
    assert filled.single is not None
    assert np.flatnonzero(np.isnan(filled.single).all(axis=1)).tolist() == [3, 9]
    assert np.isfinite(np.delete(filled.single, [3, 9], axis=0)).all()


def test_gaps_that_are_not_filled_yet_leave_the_rest_of_the_row() -> None:
    gaps = X.copy()
    gaps.loc[[3, 9], "b"] = np.nan
    reference = made(make_pipeline(StandardScaler(), SimpleImputer(), Ridge()), gaps)
    scaled = having(reference, StandardScaler().fit_transform(gaps))
    assert scaled.single is not None
    assert np.argwhere(np.isnan(scaled.single)).tolist() == [[3, 1], [9, 1]]


def test_float32_and_single_columns_are_compared_as_matrices_of_float64() -> None:
    model = make_pipeline(StandardScaler(), DecisionTreeRegressor(max_depth=2))
    reference = made(model, X[["a"]])
    scaled = StandardScaler().fit_transform(X[["a"]])
    assert any(u.values.shape == (60, 1) and np.allclose(u.values, scaled, rtol=1e-6) for u in reference.units)
    assert {units.values.dtype for units in reference.units} == {np.dtype(np.float64)}


def test_units_of_steps_that_compute_in_float32_are_float64() -> None:
    reference = made(make_pipeline(StandardScaler(), Ridge()), X.astype("float32"))
    assert len(reference.units) > 3
    assert {units.values.dtype for units in reference.units} == {np.dtype(np.float64)}
    assert {units.single.dtype for units in reference.units if units.single is not None} == {np.dtype(np.float64)}


def test_vectors_are_columns() -> None:
    read, conversion, _ = converted(Ridge().fit(X, Y), X)
    value = helper.make_tensor_value_info
    branch = helper.make_graph(
        [helper.make_node("Add", ["v", "v"], ["z"])], "b", [], [value("z", onnx.TensorProto.DOUBLE, None)]
    )
    nodes = [
        helper.make_node("ReduceSum", ["number", "axes"], ["v"], keepdims=0),
        helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch),
    ]
    constants = [numpy_helper.from_array(np.array([1]), "axes"), numpy_helper.from_array(np.array(True), "yes")]
    rows, answers = value("number", onnx.TensorProto.DOUBLE, ["N", 3]), value("y", onnx.TensorProto.DOUBLE, ["N"])
    graph = helper.make_model(
        helper.make_graph(nodes, "g", [rows], [answers], constants),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=8,
    )
    reference = reference_of(read, None, conversion, SplitModel(graph, {}))
    assert having(reference, X.sum(axis=1).to_numpy()[:, np.newaxis]).names == ("column 0",)


def test_numbers_that_can_come_from_the_graph_are_not_compared_one_by_one() -> None:
    reference = made(make_pipeline(QuantileTransformer(n_quantiles=20), Ridge()))
    expected = QuantileTransformer(n_quantiles=20).fit_transform(X)
    assert having(reference, expected).single is None


def test_strings_are_counted_and_kept() -> None:
    encoder = ColumnTransformer([("words", OneHotEncoder(), ["sex", "city"])], remainder="passthrough")
    reference = made(make_pipeline(encoder, Ridge()), WITH_TEXT)
    assert reference.strings["sex"] == {"f": 20, "m": 20}
    assert set(reference.strings) == {"sex", "city"}
    assert list(reference.texts) == [3, 4]
    assert list(reference.texts[4]) == WITH_TEXT["city"].tolist()
    only = made(make_pipeline(OneHotEncoder(), Ridge()), WITH_TEXT[["sex", "city"]])
    assert not any(units.own and not units.target for units in only.units)


def test_targets_of_a_regressor() -> None:
    (target,) = [units for units in made(Ridge()).units if units.target]
    assert (target.where, target.names, target.own) == ("", ("the target",), True)
    assert target.values.tolist() == Y.to_numpy()[:, np.newaxis].tolist()
    assert target.single is not None
    both = np.column_stack([Y, -Y])
    (target,) = [units for units in made(Ridge(), truth=both).units if units.target]
    assert target.names == ("target 0", "target 1")
    assert target.values.tolist() == both.tolist()
    assert made(Ridge()).labels is None
    assert not [units for units in made(Ridge(), truth=None).units if units.target]


def test_targets_as_a_step_transforms_them() -> None:
    model = TransformedTargetRegressor(DecisionTreeRegressor(), transformer=StandardScaler())
    own, moved = [units for units in made(model).units if units.target]
    assert own.own
    assert not moved.own
    assert moved.where
    assert moved.names == ("the target",)
    assert np.allclose(moved.values[:, 0], (Y - Y.mean()) / Y.std(ddof=0))
    assert moved.single is not None


def test_steps_that_change_no_targets_and_those_that_change_their_number() -> None:
    class Wide(Learned):
        def target(self, values: _Floats) -> _Floats:
            return np.hstack([values, 3 * values])

    read, conversion, graph = converted(Ridge().fit(X, Y), X)
    steps = [
        SimpleNamespace(path=path, source=SimpleNamespace(learned=learned), table=SimpleNamespace(blocks=()))
        for path, learned in (("none", Learned()), ("wide", Wide()))
    ]
    several = dataclasses.replace(conversion, steps=steps)  # type: ignore[arg-type]
    for task in ("regression", "transformation"):
        answering = dataclasses.replace(several, task=task)
        assert [u.where for u in reference_of(read, Y, answering, SplitModel(graph, {})).units if u.target] == [
            "",
            "wide",
        ]
    _, moved = [units for units in reference_of(read, Y, several, SplitModel(graph, {})).units if units.target]
    assert (moved.where, moved.names) == ("wide", ("column 0", "column 1"))
    assert np.allclose(moved.values, np.column_stack([Y, 3 * Y]))


def test_targets_of_a_classifier_are_labels() -> None:
    labels = np.where(Y > 100, "ill", "healthy")
    reference = made(LogisticRegression(), truth=labels)
    assert reference.labels == {"ill": int((Y > 100).sum()), "healthy": int((Y <= 100).sum())}
    assert not [units for units in reference.units if units.target]
    assert reference.targets
    assert made(Ridge()).targets
    assert not made(Ridge(), truth=None).targets


@pytest.mark.parametrize("truth", [["one"] * 60, [None] * 59 + [[1, 2]]])
def test_targets_that_are_no_numbers_are_left_out(truth: Any) -> None:
    read, conversion, graph = converted(Ridge().fit(X, Y), X)
    reference = reference_of(read, truth, conversion, SplitModel(graph, {}))
    assert not reference.targets
    assert len(reference.units) >= 1


def test_without_rows_targets_and_labels_remain() -> None:
    encoder = ColumnTransformer([("words", OneHotEncoder(), ["sex", "city"])], remainder="passthrough")
    reference = made(make_pipeline(encoder, Ridge()), WITH_TEXT)
    rest = reference.without_rows()
    assert [units.target for units in rest.units] == [True]
    assert (rest.strings, rest.texts, rest.labels, rest.rows) == ({}, {}, None, 60)


def test_as_many_rows_are_compared_in_inner_units_as_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_pipeline(StandardScaler(), Ridge())
    wide = sum(u.values.shape[1] for u in made(model).units if not u.own)
    monkeypatch.setattr(module, "_LEAST_ROWS", 5)
    monkeypatch.setattr(module, "_CELLS", 21 * wide)
    reference = made(model)
    assert (reference.rows, reference.compared) == (60, 21)
    own, *inner = [units for units in reference.units if not units.target]
    assert len(own.values) == 60
    expected = StandardScaler().fit_transform(X)[np.linspace(0, 59, 21).astype(int)]
    assert having(reference, expected).where
    assert all(len(units.values) == 21 for units in inner)
    monkeypatch.setattr(module, "_LEAST_ROWS", 30)
    assert made(model).compared == 30


def test_very_wide_tensors_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WIDEST", 2)
    assert [units.own for units in made(make_pipeline(StandardScaler(), Ridge()), truth=None).units] == [True]
    monkeypatch.setattr(module, "_WIDEST", 3)
    assert len(made(make_pipeline(StandardScaler(), Ridge()), truth=None).units) > 1


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_few_rows(rows: int) -> None:
    _, conversion, graph = converted(make_pipeline(StandardScaler(), Ridge()).fit(X, Y), X)
    few, _, _ = converted(make_pipeline(StandardScaler(), Ridge()).fit(X, Y), X[:rows])
    reference = reference_of(few, None, conversion, SplitModel(graph, {}))
    assert reference.compared == rows
    assert having(reference, StandardScaler().fit(X).transform(X[:rows])).where


def test_rows_that_the_graph_cannot_take_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    read, conversion, graph = converted(make_pipeline(StandardScaler(), Ridge()).fit(X, Y), X)

    def failing(error: Exception) -> Any:
        def run(*_: Any) -> Any:
            raise error

        return run

    monkeypatch.setattr(module, "_run", failing(SealError("E207", "no", fix="none")))
    reference = reference_of(read, None, conversion, SplitModel(graph, {}))
    assert (reference.rows, reference.compared, len(reference.units)) == (60, 0, 1)
    monkeypatch.setattr(module, "_run", failing(LimitError("E210", "too much", fix="none")))
    with pytest.raises(LimitError):
        reference_of(read, None, conversion, SplitModel(graph, {}))


def test_a_graph_without_constants_has_no_inner_units() -> None:
    read, conversion, _ = converted(make_pipeline(StandardScaler(), Ridge()).fit(X, Y), X)
    reference = reference_of(read, None, conversion, SplitModel(onnx.ModelProto(), {}))
    assert (reference.compared, len(reference.units)) == (60, 1)


def to_number(frame: Any) -> Any:
    return frame.assign(note=pd.to_numeric(frame["note"]))


def test_rows_with_a_string_that_a_stage_refuses_are_not_compared_in_inner_units() -> None:
    good = X[["a"]].assign(note=[f"{i}.5" for i in range(60)])
    model = make_pipeline(FunctionTransformer(to_number), StandardScaler(), Ridge()).fit(good, Y)
    given = good.copy()
    given.loc[[3, 9], "note"] = "many"
    read = read_rows(given, source_of(model, given))
    _, conversion, graph = converted(model, good)
    (stage,) = conversion.stages
    refusing = dataclasses.replace(stage, spec={**stage.spec, "unreadable": "refused"})
    strict = dataclasses.replace(conversion, stages=(refusing,))
    reference = reference_of(read, None, strict, SplitModel(graph, {}))
    assert (reference.rows, reference.compared) == (60, 58)
    scaled = StandardScaler().fit(to_number(good)).transform(to_number(good.drop([3, 9])))
    assert having(reference, scaled).where
