"""Loops, branches and blocks of rows in graphs, tables of inputs, and maps of characters, against Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sealift.contract import Field
from sealift.errors import PackError
from sealift.graph.builder import Graph, Tensor
from sealift.graph.context import ConversionContext
from sealift.graph.control_flow import cond, in_blocks, loop, scan
from sealift.graph.edited_strings import EditedStrings, edited
from sealift.graph.table import input_table
from sealift.graph.unicode_tables import mapping
from sealift.runtime import Engine

_Array = npt.NDArray[Any]
X = np.random.default_rng(0).normal(size=(7, 3))


def run(function: Callable[[Tensor], Tensor], values: _Array = X) -> _Array:
    graph = Graph()
    model = graph.model({"y": function(graph.input("x", "float64", values.shape[1]))}, {})
    answers: _Array = Engine(model.SerializeToString(), threads=1).run({"x": values})["y"]
    return answers


def test_a_function_of_each_row() -> None:
    def sums(x: Tensor) -> Tensor:
        total, doubled = scan(x, lambda row: [row.op("ReduceSum", np.array([0]), shape=(1,), keepdims=1), row * 2.0])
        assert (total.shape, doubled.shape) == ((None, 1), (None, 3))
        return total + doubled

    np.testing.assert_allclose(run(sums), X.sum(axis=1, keepdims=True) + 2 * X, rtol=1e-15)


@pytest.mark.parametrize("limit", [0, 1, 3, 100])
def test_a_loop_ends_by_its_condition_or_its_limit(limit: int) -> None:
    """Doubles a number until it is above 20."""

    def doubled(x: Tensor) -> Tensor:
        first = x.op("ReduceMax", shape=(), keepdims=0)
        (result,) = loop(x.graph, [first], lambda state: (state[0] <= 10.0, [state[0] * 2.0]), limit)
        return x * 0.0 + result

    expected = 1.0
    for _ in range(limit):
        going, expected = expected <= 10.0, expected * 2.0
        if not going:
            break
    assert set(run(doubled, np.array([[1.0], [0.5]])).ravel().tolist()) == {expected}


@pytest.mark.parametrize(("largest", "expected"), [(5.0, 10.0), (3.0, 4.0)])
def test_one_of_two_branches(largest: float, expected: float) -> None:
    def chosen(x: Tensor) -> Tensor:
        most = x.op("ReduceMax", shape=(), keepdims=0)
        return cond(most > 4.0, lambda: x * 2.0, lambda: x + 1.0)

    assert run(chosen, np.array([[largest], [0.0]])).max() == expected


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 9])
def test_blocks_of_rows(count: int) -> None:
    values = np.random.default_rng(1).normal(size=(count, 3))
    table = np.arange(6.0).reshape(3, 2)
    sizes: list[Any] = []

    def product(block: Tensor) -> Tensor:
        sizes.append(block.shape[0])
        return block @ table

    np.testing.assert_allclose(run(lambda x: in_blocks(x, product, 4), values), values @ table, rtol=1e-14)
    assert sizes == [None, 4]


# Inputs.

MIXED = [
    Field(name="a", dtype="float64"),
    Field(name="s", dtype="string"),
    Field(name="b", dtype="float32"),
    Field(name="t", dtype="string"),
    Field(name="d", dtype="date"),
]


def test_the_blocks_of_mixed_inputs() -> None:
    table = input_table(ConversionContext(), MIXED, {})
    assert table.names == ("a", "s", "b", "t", "d")
    assert not table.sparse
    assert [block.time for block in table.blocks if block.time] == ["datetime64[us]"]
    assert {tensor.name for tensor in table.graph.inputs} == {"number", "text", "text_missing"}
    assert {tensor.name: tensor.shape[1] for tensor in table.graph.inputs} == {
        "number": 3,
        "text": 2,
        "text_missing": 2,
    }
    with_values = table.with_values(
        table.blocks[0].values.matrix() if len(table.blocks[0].values.shape) == 1 else table.blocks[0].values
    )
    assert with_values.names == tuple(f"x{i}" for i in range(with_values.blocks[0].values.width))
    named = table.with_values(table.blocks[0].values, ("z",))
    assert named.names == ("z",)


def strings() -> EditedStrings:
    table = input_table(ConversionContext(), [Field(name="s", dtype="string")], {})
    block = table.blocks[0]
    assert block.missing is not None
    made = edited(block.values, block.missing)
    assert made is not None
    return made


def test_strings_that_were_edited_are_no_strings_of_the_graph() -> None:
    plain = strings()
    assert edited(plain, plain.missing) is plain
    assert plain.materialize().dtype == "object"
    changed = plain.edited({"strip": {"space": [], "left": True, "right": True}}, None)
    with pytest.raises(PackError, match="strings that a function changed") as caught:
        changed.materialize()
    assert caught.value.code == "E302"
    assert changed.columns([0]).shape == (None, 1)
    assert changed.column(0).shape == (None,)
    with pytest.raises(PackError):
        changed.matrix().columns([0, 0])
    numbers = input_table(ConversionContext(), [Field(name="a", dtype="float64")], {}).blocks[0].values
    assert edited(numbers, numbers.isnan()) is None


# Characters.


def read(made: dict[str, Any], text: str) -> str:
    """A map of characters as spec/TEXT.md reads it, for characters that are kept unless the map says otherwise."""
    images = dict(made.get("texts", {}))
    shifts = made.get("shifts", [])
    for first, count, step, distance in (shifts[i : i + 4] for i in range(0, len(shifts), 4)):
        images |= {chr(first + k * step): chr(first + k * step + distance) for k in range(count)}
    at = 0
    for gap, count in zip(made.get("dropped", [])[::2], made.get("dropped", [])[1::2], strict=True):
        at += gap
        images |= {chr(at + k): "" for k in range(count)}
        at += count
    return "".join(images.get(char, char) for char in text)


def test_maps_of_characters() -> None:
    every = {ord(char): char.lower() for char in map(chr, range(0x530)) if char.lower() != char}
    made = mapping({**every, 0x2000: "", 0x2001: "", 0x2005: ""}, "keep")
    assert made["rest"] == "keep"
    assert made["dropped"] == [0x2000, 2, 3, 1]
    assert len(made["texts"]) < 80  # the others are runs of characters, or of every second one
    assert {made["shifts"][i + 2] for i in range(0, len(made["shifts"]), 4)} == {1, 2}
    text = "".join(chr(point) for point in range(1, 0x530)) + "\u2000\u2001\u2002\u2005"
    assert read(made, text) == "".join(every.get(ord(char), char) for char in text[:-4]) + "\u2002"
