"""Expressions of tensors against NumPy: values, dtypes and the recorded shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sealift.graph.builder import Graph, concat, stack, where
from sealift.graph.tensor import Tensor
from sealift.runtime import Engine

_Array = npt.NDArray[Any]
X = np.array([[0.5, -1.0, 2.0], [0.0, 4.0, -3.0], [7.0, 1.0, 1.0], [2.0, 2.0, -0.5]])
ROW = np.array([2.0, 3.0, 5.0])
TABLE = np.arange(6.0).reshape(3, 2)


def run(function: Callable[[Tensor], dict[str, Tensor]], values: _Array = X) -> dict[str, _Array]:
    """The outputs of a graph, whose recorded dtypes and shapes must be those of the arrays."""
    graph = Graph()
    outputs = function(graph.input("x", "float64", values.shape[1]))
    answers = Engine(graph.model(outputs, {}).SerializeToString(), threads=1).run({"x": values})
    for name, tensor in outputs.items():
        array = answers[name]
        assert np.dtype(tensor.dtype) == array.dtype, name
        assert len(tensor.shape) == array.ndim, name
        assert all(want in (None, size) for want, size in zip(tensor.shape, array.shape, strict=True)), name
    return answers


# What NumPy and a tensor compute alike, written once for both.
ALIKE: list[Callable[[Any], Any]] = [
    lambda x: x + 1.0, lambda x: 1.0 + x, lambda x: x - ROW, lambda x: ROW - x, lambda x: x * ROW[None, :],
    lambda x: 2.0 * x, lambda x: x / 4.0, lambda x: 4.0 / (x + 9.0), lambda x: (x + 9.0) ** 0.5, lambda x: -x,
    lambda x: x < 1.0, lambda x: x <= 1.0, lambda x: x > ROW, lambda x: x >= ROW,
    lambda x: (x > 0.0) & (x < 2.0), lambda x: (x > 1.0) | (x < 0.0), lambda x: ~(x > 0.0),
    lambda x: x @ TABLE, lambda x: x @ ROW, lambda x: x @ TABLE @ np.eye(2), lambda x: x.clip(-1.0, 2.0),
    lambda x: x.sum(axis=-1), lambda x: x.sum(axis=0), lambda x: x.sum(axis=1, keepdims=True),
    lambda x: x.max(axis=-1), lambda x: x.max(axis=0, keepdims=True), lambda x: x.max(axis=-1, keepdims=True),
    lambda x: x.min(axis=-1), lambda x: x.min(axis=0), lambda x: x.min(axis=-1, keepdims=True),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(ALIKE)))
def test_expressions_are_those_of_numpy(place: int) -> None:
    function = ALIKE[place]
    expected = function(X)
    answers = run(lambda x: {"y": function(x)})["y"]
    assert answers.dtype == expected.dtype
    np.testing.assert_allclose(answers, expected, rtol=1e-15)


def test_functions_of_tensors() -> None:
    def made(x: Tensor) -> dict[str, Tensor]:
        low, places = x.smallest(2)
        return {
            "exp": x.exp(),
            "log": (x + 9.0).log(),
            "sqrt": x.abs().sqrt(),
            "isnan": (x.abs() * -1.0).sqrt().isnan(),
            "equals": x.equals(2.0),
            "argmax": x.argmax(),
            "low": low,
            "places": places,
            "affine": x.affine(TABLE, np.array([1.0, -1.0])),
            "taken": x.argmax().take_from(TABLE),
            "row": x.row(1).matrix(),
            "vector": x.columns([2]).vector(),
            "where": where(x > 0.0, x, -1),
            "whole": where(x > 0.0, np.array(3), np.array(-1)),
            "single": x.cast("float32") * np.array(0.1, np.float32),
            "halves": x.cast("int64") / 2.0,
        }

    order = np.argsort(X, axis=1, kind="stable")[:, :2]
    with np.errstate(invalid="ignore"):
        expected = {
            "exp": np.exp(X),
            "log": np.log(X + 9.0),
            "sqrt": np.sqrt(np.abs(X)),
            "isnan": np.isnan(np.sqrt(-np.abs(X))),
            "equals": X == 2.0,
            "argmax": X.argmax(axis=1),
            "low": np.take_along_axis(X, order, 1),
            "places": order,
            "affine": X @ TABLE + [1.0, -1.0],
            "taken": TABLE[X.argmax(axis=1)],
            "row": X[1][:, None],
            "vector": X[:, 2],
            "where": np.where(X > 0.0, X, -1),
            "whole": np.where(X > 0.0, 3, -1),
            "single": X.astype(np.float32) * np.float32(0.1),
            "halves": X.astype(np.int64) / 2.0,
        }
    answers = run(made)
    for name, array in expected.items():
        assert answers[name].dtype == array.dtype, name
        np.testing.assert_allclose(answers[name], array, rtol=1e-15, err_msg=name)


def test_columns_of_columns() -> None:
    def made(x: Tensor) -> dict[str, Tensor]:
        turned = x.columns([2, 0])
        assert turned.columns([1]).origin[0] is x
        assert x.columns([0, 1, 2]) is x
        return {
            "turned": turned,
            "again": turned.columns([1, 1, 0]),
            "joined": concat([turned, x.columns([1]), x * 2.0]),
            "some": concat([x * 2.0, (x + 1.0).cast("float32")]).only([4, 1, 5]),
            "stacked": stack([x.column(1), x.column(2), x.sum()]),
        }

    answers = run(made)
    expected = {
        "turned": X[:, [2, 0]],
        "again": X[:, [0, 0, 2]],
        "joined": np.hstack([X[:, [2, 0, 1]], X * 2.0]),
        "some": np.hstack([X * 2.0, X + 1.0])[:, [4, 1, 5]],
        "stacked": np.column_stack([X[:, 1], X[:, 2], X.sum(axis=1)]),
    }
    for name, array in expected.items():
        np.testing.assert_array_equal(answers[name], array, err_msg=name)


def test_inputs_constants_and_shared_tensors_are_outputs() -> None:
    def made(x: Tensor) -> dict[str, Tensor]:
        twice = x * 2.0
        constant = x.graph.constant(np.array([[1, 2]], dtype=np.int32))
        assert x.graph.constant(np.array([[1, 2]])) is constant
        assert x.graph.constant(np.array([1, 2])) is not constant
        words = x.graph.constant(np.array(["a", "bc"]))
        assert words.dtype == "object"
        assert x.graph.constant(np.array(["a", "bc"])) is words
        assert x.graph.constant(np.array(["a", "bd"])) is not words
        return {"x": x, "twice": twice, "shared": twice, "constant": constant, "words": words}

    graph = Graph()
    outputs = {f"{name}_out": tensor for name, tensor in made(graph.input("x", "float64", 3)).items()}
    answers = Engine(graph.model(outputs, {}).SerializeToString(), threads=1).run({"x": X})
    assert answers["x_out"].tolist() == X.tolist()
    assert answers["twice_out"].tolist() == answers["shared_out"].tolist() == (2.0 * X).tolist()
    assert answers["constant_out"].dtype == np.int64
    assert answers["constant_out"].tolist() == [[1, 2]]
    assert answers["words_out"].tolist() == ["a", "bc"]
