"""Search, interpolation, special functions and linear systems in the graph against NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special as exact

from sealift.graph import special_functions
from sealift.graph.builder import Graph, Tensor
from sealift.graph.search import interpolate, positions
from sealift.graph.special_functions import digamma
from sealift.runtime import Engine


def run(values: Any, function: Callable[[Tensor], Tensor]) -> npt.NDArray[Any]:
    graph = Graph()
    x = graph.input("x", "float64", values.shape[1])
    model = graph.model({"y": function(x)}, {})
    answers: npt.NDArray[Any] = Engine(model.SerializeToString(), threads=1).run({"x": values})["y"]
    return answers


edges = st.lists(st.integers(-4, 4).map(float), max_size=9).map(sorted)


@given(edges, edges)
def test_positions(first: list[float], second: list[float]) -> None:
    grid = np.array([*np.arange(-5, 5.5, 0.5), np.nan, 1e300])
    values = np.column_stack([grid, -grid])
    for right in (True, False):
        answers = run(values, lambda x, right=right: positions(x, [first, second], right=right))  # type: ignore[misc]
        side: Any = "right" if right else "left"
        np.testing.assert_array_equal(answers[:, 0], np.searchsorted(first, values[:, 0], side))
        np.testing.assert_array_equal(answers[:, 1], np.searchsorted(second, values[:, 1], side))


@given(st.lists(st.integers(-4, 4).map(float), min_size=2, max_size=9).map(sorted))
def test_interpolation(knots: list[float]) -> None:
    heights = np.cumsum(np.arange(len(knots)) % 3 + 0.1)
    values = np.array([*np.arange(-5, 5.25, 0.25), np.nan])[:, None]
    answers = run(values, lambda x: interpolate(x, [knots], [heights]))
    np.testing.assert_allclose(answers[:, 0], np.interp(values[:, 0], knots, heights), rtol=1e-15)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32"])
def test_interpolation_of_heights_of_any_dtype(dtype: str) -> None:
    knots, heights = np.array([0, 1, 3], dtype=dtype), np.array([5, 3, 200], dtype=dtype)
    values = np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0])[:, None]
    answers = run(values, lambda x: interpolate(x, [knots], [heights]))
    np.testing.assert_allclose(answers[:, 0], np.interp(values[:, 0], knots, heights), rtol=1e-15)


def test_special_functions() -> None:
    tiny = np.array([0.0, 5e-324, 1e-300, 1e-17, 1e-9, 1e-5, 0.1, 0.9])
    wide = np.concatenate([tiny, [1.0, 3.7, 1e3, 1e15]])
    for ours, theirs, values in (
        (special_functions.log1p, np.log1p, np.concatenate([wide, -tiny, [np.nan]])),
        (special_functions.expm1, np.expm1, np.concatenate([tiny, -wide, [1.0, 30.0, 700.0, np.nan]])),
        (special_functions.erf, exact.erf, np.concatenate([wide, -wide, [5.0, 7.9, -8.5, np.inf, np.nan]])),
        (special_functions.digamma, exact.digamma, np.array([1e-7, 0.01, 0.3, 1.0, 5.999, 6.0, 80.0, 1e5])),
        (special_functions.normal_quantile, exact.ndtri, np.concatenate([np.linspace(1e-7, 1 - 1e-7, 999), [np.nan]])),
    ):
        answers = run(values[:, None], ours)[:, 0]
        np.testing.assert_allclose(answers, theirs(values), rtol=1e-8 if ours is digamma else 4e-15, atol=1e-16)


def test_linear_systems() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=(5, 5))
    matrix, right = base @ base.T + np.eye(5), rng.normal(size=5)
    answers = run(right[None, :], lambda x: special_functions.solve(x.graph.constant(matrix), x.row(0)).matrix())
    np.testing.assert_allclose(answers[:, 0], np.linalg.solve(matrix, right), rtol=1e-11)


def test_a_factor_of_a_product_keeps_its_precision() -> None:
    # ONNX Runtime's own fusion of the two rounds the factor to float32.
    weights = np.array([[0.7], [0.3]])
    values = np.array([[1.0, 2.0], [3.0, 5.0]])
    for factor in (0.1, 1 / 3):
        np.testing.assert_allclose(run(values, lambda x, f=factor: x @ weights * f), values @ weights * factor, 1e-15)  # type: ignore[misc]
        np.testing.assert_allclose(run(values, lambda x, f=factor: x * f @ weights), values @ weights * factor, 1e-15)  # type: ignore[misc]
        one = run(values[:, :1], lambda x, f=factor: x / f @ np.array([[1.0, 2.0]]))  # type: ignore[misc]
        np.testing.assert_allclose(one, values[:, :1] / factor @ np.array([[1.0, 2.0]]), 1e-15)
