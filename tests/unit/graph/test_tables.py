"""Tables of numbers and strings: columns that are picked, joined and named, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sealift.contract import Field
from sealift.errors import PackError
from sealift.graph import sparse
from sealift.graph.builder import Tensor, concat
from sealift.graph.context import ConversionContext
from sealift.graph.edited_strings import EditedStrings, edited
from sealift.graph.sparse import OneHot, SparseRows, StoredCells, absent, stages_needed
from sealift.graph.table import Table, input_table
from sealift.runtime import Engine

FIELDS = [
    Field(name="a", dtype="float64"),
    Field(name="b", dtype="float64"),
    Field(name="s", dtype="string"),
    Field(name="c", dtype="float32"),
    Field(name="d", dtype="date"),
]
ROWS = np.array([[1.5, -2.0, 0.1, 3.0], [0.0, 7.0, 2.0, 4.0]])
STRINGS = np.array([["u"], ["v"]], dtype=object)


def table(**given: Any) -> Table:
    return input_table(ConversionContext(), FIELDS, {}, **given)


def computed(x: Table, outputs: dict[str, Tensor]) -> dict[str, Any]:
    fed = {"number": ROWS, "text": STRINGS, "text_missing": np.array([[False], [True]])}
    return Engine(x.graph.model(outputs, {}).SerializeToString(), threads=1).run(fed)


@pytest.mark.parametrize("only", [False, True])
def test_picked_strings_keep_their_own_missing_values(only: bool) -> None:
    fields = [Field(name=name, dtype="string", missing="allowed") for name in "st"]
    x = input_table(ConversionContext(), fields, {})
    (block,) = x.select([1], only=only).blocks
    assert block.missing is not None
    model = x.graph.model({"t": block.values, "gap": block.missing}, {})
    fed = {"text": np.array([["a", "b"], ["c", ""]], object), "text_missing": np.array([[True, False], [False, True]])}
    answers = Engine(model.SerializeToString(), threads=1).run(fed)
    assert (answers["t"].tolist(), answers["gap"].tolist()) == ([["b"], [""]], [[False], [True]])


@pytest.mark.parametrize("only", [False, True])
@pytest.mark.parametrize("picked", [[0, 1], [1, 0], [3, 0, 1], [1], [0, 3, 1]])
def test_columns_that_are_picked(picked: list[int], only: bool) -> None:
    x = table()
    some = x.select(picked, only=only)
    assert some.names == tuple("absc"[i] for i in picked)
    assert some.width == len(picked)
    values = {0: ROWS[:, 0], 1: ROWS[:, 1], 3: ROWS[:, 2].astype(np.float32).astype(float)}
    answers = computed(x, {"y": some.numbers()})["y"]
    np.testing.assert_array_equal(answers, np.column_stack([values[i] for i in picked]))


def test_picked_columns_are_computed_without_the_others() -> None:
    x = table()
    twice = x.with_values(x.blocks[0].values * np.array([2.0, 3.0]), ("e", "f"))
    for only, read in ((False, {0, 1}), (True, {1})):
        values = twice.select([1], only=only).numbers()
        assert x.graph.columns_read([values])["number"] == read
        assert computed(x, {"y": values})["y"].tolist() == (3.0 * ROWS[:, [1]]).tolist()


def test_picked_neighbours_are_one_block() -> None:
    x = table()
    assert [block.names for block in x.select([0, 1, 3]).blocks] == [("a", "b"), ("c",)]
    assert [block.names for block in x.select([2, 0]).blocks] == [("s",), ("a",)]
    assert [block.names for block in x.each()] == [("a",), ("b",), ("s",), ("c",), ("d",)]
    assert x.named("vwxyz").names == tuple("vwxyz")
    joined = Table.join([x.select([0]), x.select([1]), x.select([2])])
    assert [block.names for block in joined.blocks] == [("a", "b"), ("s",)]
    answers = computed(x, {"y": joined.blocks[0].values, "s": joined.blocks[1].values})
    assert answers["y"].tolist() == ROWS[:, :2].tolist()
    assert answers["s"].tolist() == STRINGS.tolist()


def test_what_was_whole_becomes_floats_and_dense_becomes_sparse() -> None:
    x = table(dtypes={"a": "int64", "b": "int64"}).select([0, 1])
    assert [block.whole for block in x.blocks] == ["int64"]
    assert [block.whole for block in x.as_floats().blocks] == [""]
    assert x.as_floats().names == x.names
    assert not x.sparse
    assert x.stored(sparse=True).sparse
    assert x.stored(sparse=False) is x
    assert not x.stored(sparse=True).stored(sparse=False).sparse
    assert Table.join([x, x.stored(sparse=True)]).sparse
    assert not Table.join([x, x]).sparse


@pytest.mark.parametrize(
    ("picked", "message"), [([], "no columns"), ([0, 2], "'s', which holds text"), ([4], "'d', which holds dates")]
)
def test_columns_that_are_no_numbers(picked: list[int], message: str) -> None:
    with pytest.raises(PackError, match=message) as caught:
        table().select(picked).numbers()
    assert caught.value.code == "E302"
    assert caught.value.fix


def test_arrays_are_no_numbers() -> None:
    x = input_table(ConversionContext(), [Field(name="m", dtype="tensor[2,n]")], {})
    assert x.blocks[0].values.shape == (None, 2, None)
    with pytest.raises(PackError, match="'m', which holds arrays") as caught:
        x.numbers()
    assert (caught.value.code, caught.value.fix) == ("E302", "Give columns of numbers.")


def test_columns_of_numbers_beside_arrays() -> None:
    fields = [Field(name="m", dtype="tensor[2]"), Field(name="s", dtype="string"), *FIELDS[:2]]
    x = input_table(ConversionContext(), fields, {})
    assert x.graph.columns_read([x.select([3]).numbers()]) == {"number": {1}, "text": set(), "text_missing": set()} | {
        tensor.name: set() for tensor in x.graph.inputs if tensor.name not in ("number", "text", "text_missing")
    }


def test_strings_without_edits() -> None:
    x = table()
    block = x.blocks[1]
    assert block.missing is not None
    for values, missing in ((block.values, block.missing), (block.values.column(0), block.missing.column(0))):
        strings = edited(values, missing)
        assert isinstance(strings, EditedStrings)
        answers = computed(x, {"vector": strings.column(0), "matrix": strings.matrix(), "gap": strings.missing})
        assert answers["vector"].tolist() == STRINGS[:, 0].tolist()
        assert answers["matrix"].tolist() == STRINGS.tolist()
        assert answers["gap"].tolist() == [[False], [True]]


def test_cells_that_are_absent() -> None:
    x = table()
    numbers = x.select([0, 1]).numbers()
    hot = OneHot(numbers.columns([0]).cast("int64"), 3)
    stored = StoredCells(hot.materialize() * 0.0, hot)
    outputs = {
        "dense": absent(numbers),
        "hot": absent(hot),
        "stored": absent(stored),
        "joined": absent(concat([hot, numbers])),
        "above": concat([hot, numbers]) > 0.5,
        "infinite": (hot * np.array([1.0, np.inf, 1.0])).isnan(),
    }
    answers = computed(x, outputs)
    dense = np.array([[0.0, 1, 0], [1, 0, 0]])
    both = np.hstack([dense, ROWS[:, :2]])
    expected = {"dense": ROWS[:, :2] == 0, "hot": dense == 0, "stored": dense == 0, "joined": both == 0}
    expected |= {"above": both > 0.5, "infinite": (dense == 0) & [False, True, False]}
    for name, array in expected.items():
        assert answers[name].tolist() == array.tolist(), name


def test_dense_columns_of_texts_limit_the_rows_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    x = table()
    strings = edited(x.blocks[1].values, x.blocks[1].missing)  # type: ignore[arg-type]
    assert strings is not None
    words = [str(number) for number in range(1000)]
    terms, counts = strings.staged({"analyzer": "whole", "ngrams": [1, 1], "vocabulary": words})
    rows = SparseRows(terms, counts, len(words))
    weights = rows @ np.ones((len(words), 1))
    assert ["rows" in stage.spec for stage in stages_needed(x.graph, [weights])] == [False]
    (stage,) = stages_needed(x.graph, [rows])
    assert 1000 * stage.spec["rows"] <= sparse._CELLS < 1000 * (stage.spec["rows"] + 1)
    assert sparse._CELLS == 4_194_304
    monkeypatch.setattr(sparse, "_CELLS", 999)
    assert [stage.spec["rows"] for stage in stages_needed(x.graph, [rows])] == [1]
