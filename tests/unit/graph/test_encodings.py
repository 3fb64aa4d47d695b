"""Codes of categories, votes of pairs of classes and matrices side by side, against scikit-learn and NumPy."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.utils.multiclass import _ovr_decision_function

from sealift.contract import Field
from sealift.errors import PackError
from sealift.graph.builder import Graph, Tensor, concat
from sealift.graph.categories import OMITTED, codes, indicators, needed_categories
from sealift.graph.classify import votes
from sealift.graph.context import ConversionContext
from sealift.graph.sparse import OneHot, SparseRows
from sealift.graph.table import input_table
from sealift.runtime import Engine

_Array = npt.NDArray[Any]
KNOWN = np.array([[3.0, -1.0], [1.0, 5.0], [np.nan, 2.0], [2.5, 2.0]])
ASKED = np.array([[1.0, 2.0], [2.5, 9.0], [np.nan, -1.0], [-7.0, 5.0], [3.0, np.nan]])


def run(function: Callable[[Tensor], dict[str, Tensor]], values: _Array) -> dict[str, _Array]:
    graph = Graph()
    outputs = function(graph.input("x", "float64", values.shape[1]))
    return Engine(graph.model(outputs, {}).SerializeToString(), threads=1).run({"x": values})


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_codes_of_numbers(dtype: Any) -> None:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2).fit(KNOWN)
    table = input_table(ConversionContext(), [Field(name=name, dtype=dtype, missing="allowed") for name in "ab"], {})
    model = table.graph.model({"code": codes(table, encoder.categories_)}, {})
    answers = Engine(model.SerializeToString(), threads=1).run({"number": ASKED})["code"]
    expected = encoder.transform(ASKED)
    # The missing category is the last one here; scikit-learn gives it the number that it was told.
    expected[np.isnan(ASKED) & (expected == -2)] = len(encoder.categories_[0]) - 1
    np.testing.assert_array_equal(answers, expected)


@pytest.mark.parametrize(
    ("known", "null", "expected"),
    [([1.0, None, np.nan], None, 1), ([1.0, None, np.nan], np.nan, 2), ([None, 1.0], np.nan, 0), ([1.0], None, -1)],
)
def test_none_and_nan_are_two_categories(known: list[Any], null: float | None, expected: int) -> None:
    table = input_table(ConversionContext(), [Field(name="a", dtype="float64", missing="allowed")], {"a": null})
    model = table.graph.model({"code": codes(table, [known])}, {})
    answers = Engine(model.SerializeToString(), threads=1).run({"number": np.array([[np.nan], [1.0], [2.0]])})["code"]
    assert answers[:, 0].tolist() == [expected, known.index(1.0), -1]


@pytest.mark.parametrize(("width", "maps"), [(1, 1), (2, 2), (3, 2)])
def test_codes_of_strings(width: int, maps: int) -> None:
    known = np.array([["b", "x", "b"], ["a", "b", "c"], ["c", "y", "b"]], object)[:, :width]
    asked = np.array([["a", "b", "c"], ["x", "a", "b"], ["", "y", "a"]], object)[:, :width]
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(known)
    fields = [Field(name=name, dtype="string", missing="allowed") for name in "abc"[:width]]
    table = input_table(ConversionContext(), fields, {})
    model = table.graph.model({"code": codes(table, encoder.categories_)}, {})
    # One dictionary; and for several columns a second one, over all of them.
    assert [node.op_type for node in model.graph.node].count("LabelEncoder") == maps
    given: dict[str, Any] = {"text": asked, "text_missing": np.zeros(asked.shape, dtype=bool)}
    engine = Engine(model.SerializeToString(), threads=1)
    np.testing.assert_array_equal(engine.run(given)["code"], encoder.transform(asked))
    given["text_missing"] = np.ones(asked.shape, dtype=bool)
    assert (engine.run(given)["code"] == -1).all()


def test_names_of_categories_that_count_as_unknown_are_omitted() -> None:
    known = [["a", "b", None], ["x", "y"], [1.0, 2.0]]
    tables = [[4.0, 7.0, 7.0, 7.0], [np.nan, 0.0, np.nan], [0.0, 1.0, 2.0]]
    assert needed_categories(known, tables) == [["a", OMITTED, None], [OMITTED, "y"], [1.0, 2.0]]


def test_dates_have_no_codes() -> None:
    table = input_table(ConversionContext(), [Field(name="d", dtype="date")], {})
    with pytest.raises(PackError, match="'d', which holds dates"):
        codes(table, [["2024-01-01"]])


@pytest.mark.parametrize("most", [256, 0])
def test_indicator_columns(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("sealift.graph.categories._MOST_DENSE", most)
    numbers = np.array([[0.0, 2.0], [1.0, -1.0], [-1.0, 0.0], [2.0, 1.0]])
    encoder = OneHotEncoder(categories=[[0, 1, 2], [0, 1, 2]], handle_unknown="ignore", sparse_output=False)
    expected = encoder.fit(numbers[[0, 3]]).transform(numbers)
    for kept in ([[0, 1, 2], [0, 1, 2]], [[2, 0], [1]], [[], [0, 2]]):
        wanted = [3 * column + number for column, listed in enumerate(kept) for number in listed]

        def made(x: Tensor, kept: list[list[int]] = kept) -> dict[str, Tensor]:
            hot = indicators(x.cast("int64"), kept, [3, 3])
            return {"hot": hot, "last": hot.only([hot.width - 1])}

        answers = run(made, numbers)
        np.testing.assert_array_equal(answers["hot"], expected[:, wanted])
        np.testing.assert_array_equal(answers["last"], expected[:, wanted[-1:]])


@pytest.mark.parametrize("classes", [3, 4])
def test_votes_of_pairs_of_classes(classes: int) -> None:
    pairs = len(list(combinations(range(classes), 2)))
    confidences = np.random.default_rng(0).normal(size=(40, pairs))
    chosen = confidences > 0

    def made(x: Tensor) -> dict[str, Tensor]:
        columns = [x.column(i) for i in range(pairs)]
        counted, score = votes([column > 0.0 for column in columns], columns, classes)
        return {"counted": counted, "score": score}

    answers = run(made, confidences)
    np.testing.assert_allclose(answers["score"], _ovr_decision_function(chosen, confidences, classes), rtol=1e-14)
    np.testing.assert_array_equal(answers["counted"].sum(axis=1), np.full(40, pairs))


def test_products_of_matrices_side_by_side() -> None:
    values = np.array([[0.0, 2.0, 0.5], [1.0, -1.0, 0.0], [3.0, 0.0, 7.0]])
    hot = (values[:, :1] == np.arange(4)).astype(float)
    filled = (values[:, 1:2] == np.arange(3)) * values[:, 2:]
    dense = np.hstack([hot, filled, values])
    table = np.arange(20.0).reshape(10, 2) - 7.0
    factors = np.arange(1.0, 11.0)

    def made(x: Tensor) -> dict[str, Tensor]:
        places = x.cast("int64")
        joined = concat([OneHot(places.columns([0]), 4), SparseRows(places.columns([1]), x.columns([2]), 3), x])
        return {
            "dense": joined,
            "product": joined @ table,
            "affine": joined.affine(table, np.array([1.0, -1.0])),
            "scaled": joined * factors,
            "divided": joined / factors,
            "above": joined > 0.5,
            "columns": joined.columns([1, 5, 9]),
            "turned": joined.columns([9, 1]),
            "firsts": joined.columns([0, 4, 7]),
            "by zero": joined / np.array([1.0, 0.0] * 5),
            "whole": joined * np.arange(10),
        }

    answers = run(made, values)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_zero = dense / np.array([1.0, 0.0] * 5)
    expected = {
        "dense": dense,
        "product": dense @ table,
        "affine": dense @ table + [1.0, -1.0],
        "scaled": dense * factors,
        "divided": dense / factors,
        "above": dense > 0.5,
        "columns": dense[:, [1, 5, 9]],
        "turned": dense[:, [9, 1]],
        "firsts": dense[:, [0, 4, 7]],
        "by zero": by_zero,
        "whole": dense * np.arange(10),
    }
    assert answers.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(answers[name], array, err_msg=name)
