"""Operations of graphs on small tables, against NumPy and the module `re`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sealift.contract import Field
from sealift.graph.builder import Graph, Tensor
from sealift.graph.classify import by_sign, expit
from sealift.graph.context import ConversionContext
from sealift.graph.sparse import OneHot, SparseRows
from sealift.graph.step import StepOutput
from sealift.graph.table import Table, constant_column, input_table
from sealift.graph.token_pattern import automaton
from sealift.runtime import Engine
from sealift.stages.text.scan import Scanner

_Array = npt.NDArray[Any]
X = np.array([[0.5, -1.0, 2.0], [0.0, np.nan, -3.0], [7.0, 1.0, np.inf]])


def run(function: Callable[[Tensor], Tensor], values: _Array = X) -> _Array:
    graph = Graph()
    given = graph.input("x", "float64", values.shape[1])
    model = graph.model({"y": function(given)}, {})
    answers: _Array = Engine(model.SerializeToString(), threads=1).run({"x": values})["y"]
    return answers


def test_the_model_names_its_producer() -> None:
    graph = Graph()
    assert graph.model({"y": graph.input("x", "float64", 3) + 1.0}, {"a": "b"}).producer_name == "sealift"


def test_a_class_by_the_sign_of_its_score() -> None:
    scores = np.array([[-2.0], [-0.0], [0.0], [5e-324], [np.nan], [np.inf]])
    assert run(lambda x: by_sign(x.column(0)), scores).tolist() == [0, 0, 0, 1, 0, 1]
    assert run(lambda x: by_sign(x.column(0), at_zero=True), scores).tolist() == [0, 1, 1, 1, 0, 1]


def test_the_logistic_function() -> None:
    scores = np.array([[-700.0], [-1.0], [0.0], [1.0], [40.0]])
    np.testing.assert_allclose(run(expit, scores), 1 / (1 + np.exp(-scores)), rtol=1e-15)


def test_columns_and_their_negatives() -> None:
    widths = []

    def both(x: Tensor) -> Tensor:
        result = x.with_negated()
        widths.append(result.width)
        assert x.with_negated() is result
        return result

    np.testing.assert_array_equal(run(both), np.hstack([X, -X]))
    assert widths == [6]


def test_a_constant_in_every_row() -> None:
    table = input_table(ConversionContext(), [Field(name="a", dtype="float64"), Field(name="b", dtype="float64")], {})
    model = table.graph.model({"y": constant_column(table, 2.5)}, {})
    for count in (1, 4):
        answers = Engine(model.SerializeToString(), threads=1).run({"number": np.zeros((count, 2))})["y"]
        assert answers.tolist() == [2.5] * count


# Columns that an output depends on.


def read(function: Callable[[Tensor], Tensor]) -> set[int]:
    graph = Graph()
    return graph.columns_read([function(graph.input("x", "float64", 4))])["x"]


@pytest.mark.parametrize(
    ("function", "columns"),
    [
        (lambda x: x.only([2]), {2}),
        (lambda x: (x * 2.0).only([2]), {2}),
        (lambda x: (x * np.arange(1.0, 5.0)).only([0, 3]), {0, 3}),
        (lambda x: (x + x.columns([1])).only([2]), {1, 2}),
        (lambda x: (x.columns([1]) - x).only([0]), {0, 1}),
        (lambda x: (x.exp() + x.abs()).only([3]), {3}),
        (lambda x: (x > 0.0).op("Xor", x > 1.0).only([1]), {1}),
        (lambda x: ((x > 0.0) | (x > 1.0)).only([1]), {1}),
        (lambda x: x.op("Sign").only([1]), {1}),
        (lambda x: x.sum(axis=1), {0, 1, 2, 3}),
        (lambda x: x.row(2), {0, 1, 2, 3}),
        (lambda x: x, {0, 1, 2, 3}),
    ],
)
def test_of_elementwise_results_only_the_columns_wanted_are_read(
    function: Callable[[Tensor], Tensor], columns: set[int]
) -> None:
    assert read(function) == columns


@pytest.mark.parametrize("wanted", [[2], [0, 1], [2, 0]])
def test_columns_of_elementwise_results_are_computed_from_their_own(wanted: list[int]) -> None:
    factors = np.array([2.0, 3.0, 5.0])
    np.testing.assert_array_equal(run(lambda x: (x * factors).only(wanted)), (X * factors)[:, wanted])
    beside = run(lambda x: (x * x.columns([0]) + 1.0).only(wanted))
    np.testing.assert_array_equal(beside, (X * X[:, :1] + 1.0)[:, wanted])


# Sparse rows.

PLACES = np.array([[0.0, 2.0], [1.0, -1.0], [3.0, 0.0]])
STORED = np.array([[5.0, 0.0], [np.nan, 0.0], [-2.0, 7.0]])
DENSE = np.array([[5.0, 0, 0, 0], [0, np.nan, 0, 0], [7.0, 0, 0, -2.0]])


def sparse(function: Callable[[SparseRows], Tensor]) -> _Array:
    """What a function makes of the sparse rows above, whose places and values are given as columns."""

    def made(x: Tensor) -> Tensor:
        return function(SparseRows(x.columns([0, 1]).cast("int64"), x.columns([2, 3]), 4))

    return run(made, np.hstack([PLACES, STORED]))


def test_sparse_rows_as_a_matrix() -> None:
    np.testing.assert_array_equal(sparse(lambda rows: rows.materialize()), DENSE)
    np.testing.assert_array_equal(sparse(lambda rows: rows.cast("float32").materialize()), DENSE.astype(np.float32))


def test_cells_that_are_not_stored() -> None:
    stored = np.zeros((3, 4), dtype=bool)
    stored[[0, 0, 1, 2, 2], [0, 2, 1, 3, 0]] = True
    np.testing.assert_array_equal(sparse(lambda rows: rows.absent()), ~stored)


@pytest.mark.parametrize("wanted", [[0, 1, 2, 3], [1, 3], [3, 1], [2], [0, 0]])
def test_columns_of_sparse_rows(wanted: list[int]) -> None:
    np.testing.assert_array_equal(sparse(lambda rows: rows.columns(wanted).materialize()), DENSE[:, wanted])


def test_products_of_sparse_rows() -> None:
    table = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(sparse(lambda rows: rows @ table), DENSE @ table)
    factors = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(sparse(lambda rows: (rows * factors).materialize()), DENSE * factors)
    np.testing.assert_array_equal(sparse(lambda rows: (rows / factors).materialize()), DENSE / factors)
    np.testing.assert_array_equal(sparse(lambda rows: (rows * 0.5).materialize()), DENSE * 0.5)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_one_hot_columns(dtype: str) -> None:
    places = np.array([[2.0], [0.0], [-1.0]])
    whole = np.array([[0.0, 0, 1], [1, 0, 0], [0, 0, 0]])

    def made(function: Callable[[OneHot], Tensor]) -> _Array:
        return run(lambda x: function(OneHot(x.cast("int64"), 3).cast(dtype)), places)  # type: ignore[arg-type]

    answers = made(lambda hot: hot.materialize())
    assert (answers.dtype, answers.tolist()) == (np.dtype(dtype), whole.tolist())
    for bound in (-1.0, 0.0, 0.5, 1.0):
        with_bound = OneHot(Graph().input("x", "int64", 1), 3) > bound
        assert isinstance(with_bound, OneHot) is (bound in (0.0, 0.5))  # others are computed as a dense matrix
        assert made(lambda hot, bound=bound: hot > bound).tolist() == (whole > bound).tolist()  # type: ignore[misc]


# Steps.


def table(dtype: Any) -> Table:
    return input_table(ConversionContext(), [Field(name="a", dtype=dtype)], {})


def test_features_count_as_float32_only_where_there_is_no_answer() -> None:
    narrow, wide = table("float32"), table("float64")
    index = narrow.blocks[0].values.cast("int64")
    value, single = wide.blocks[0].values, narrow.blocks[0].values
    assert StepOutput(features=narrow).single
    assert not StepOutput(features=wide).single
    assert not StepOutput(features=narrow, class_index=index).single
    assert not StepOutput(features=narrow, value=value).single
    assert not StepOutput(features=narrow, label=index).single
    for name in ("value", "probability", "score"):
        narrow_one: dict[str, Any] = {name: single}
        wide_one: dict[str, Any] = {name: value}
        assert StepOutput(**narrow_one).single
        assert not StepOutput(**wide_one).single
    assert StepOutput(targets=(StepOutput(value=value), StepOutput(value=single))).single


# Patterns.

TEXTS = [
    "",
    "ab ab",
    "aXb-X",
    "a1_b-\u00e9\u3000x\n",
    "aab b_a-1a",
    "\u0661\u0662 b1",
    " -- a-b",
    "\U0001f600ab\ud7ff\ue000a",
]


@pytest.mark.parametrize(
    "pattern",
    [
        r"\W+", r"[\W_]+", r"[^\W\d]+", r"[^a]", r"\D\d", r"\S+\s", r"[\s-]a",
        r"\Ba", r"\ba", r"a\b", r"a\B", r"\B\W", r"(?a)\b\w+", r"(?a)\B\W",
        r"(?<=a)b", r"(?<!a)b", r"a(?=b)", r"a(?!b)", r"(?<=\W)a", r"(?!a)\w",
        r"a{2}", r"a{1,2}b", r"(?:a|b){2,}", r"a+?b", r"ab??", r"(?i)A+", r"(?s).b", r".\W",
        r"\Aa\w", r"\w\Z", r"(?=.)\W", r"(?<!.)a", r"a(b)", r"\W(a)b", r"(a)..",
        "[\ue000-\ue00f]a", "[^\ue000]", "\ud7ff.", "[\ud7ff\U0001f600]",
    ],
)  # fmt: skip
def test_an_automaton_finds_what_re_finds(pattern: str) -> None:
    scan = Scanner(automaton(pattern))
    for text in TEXTS:
        assert list(scan(text)) == re.findall(pattern, text), text
