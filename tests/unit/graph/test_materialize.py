"""No property of a tensor, table or step output adds nodes or raises; `materialize` does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from sealift.contract import Field
from sealift.errors import PackError
from sealift.frameworks.sklearn.dict_features import DuplicateSparseRows
from sealift.graph.context import ConversionContext
from sealift.graph.edited_strings import EditedStrings, edited
from sealift.graph.inputs import field_of, stage_tensors, stages_of, text_fields
from sealift.graph.sparse import LazyMatrix, OneHot, SparseRows, StoredCells
from sealift.graph.step import StepOutput
from sealift.graph.table import Table, input_table
from sealift.graph.tensor import Tensor, concat

FIELDS = [Field(name="a", dtype="float64"), Field(name="b", dtype="float32"), Field(name="s", dtype="string")]
UNFIT = PackError("E304", "The column cannot be described.", fix="Leave it out.")


def table() -> Table:
    return input_table(ConversionContext(), FIELDS, {}, absent={"b": UNFIT})


def places(x: Table) -> Tensor:
    return x.blocks[0].values.cast("int64")


def changed(x: Table) -> EditedStrings:
    strings = edited(x.blocks[-1].values, x.blocks[-1].missing)  # type: ignore[arg-type]
    assert strings is not None
    result = strings.edited({"strip": {"space": [], "left": True, "right": True}}, None).matrix()
    assert isinstance(result, EditedStrings)
    return result


LAZY: dict[str, Callable[[Table], Tensor]] = {
    "sparse rows": lambda x: SparseRows(places(x), x.blocks[0].values, 5),
    "duplicate sparse rows": lambda x: DuplicateSparseRows(places(x), x.blocks[0].values, 5),
    "one-hot": lambda x: OneHot(places(x), 5),
    "stored cells": lambda x: StoredCells(x.blocks[0].values, x.blocks[0].values),
    "side by side": lambda x: concat([OneHot(places(x), 5), x.blocks[0].values]),
    "edited strings": changed,
    "unfed column": lambda x: x.blocks[1].values,
}


def properties(value: Any) -> Iterator[str]:
    yield from (name for name, held in inspect.getmembers(type(value)) if isinstance(held, property))


@pytest.mark.parametrize("kind", LAZY)
def test_properties_of_tensors_have_no_effect(kind: str) -> None:
    x = table()
    tensor = LAZY[kind](x)
    before = len(x.graph.nodes)
    read = {name: getattr(tensor, name) for name in [*properties(tensor), *vars(tensor)]}
    assert {"width", "origin", "name"} <= read.keys()
    assert len(x.graph.nodes) == before


@pytest.mark.parametrize("kind", [kind for kind, make in LAZY.items() if isinstance(make(table()), LazyMatrix)])
def test_a_lazy_matrix_is_materialized_once(kind: str) -> None:
    x = table()
    tensor = LAZY[kind](x)
    before = len(x.graph.nodes)
    dense = tensor.materialize()
    after = len(x.graph.nodes)
    assert dense.name
    assert after > before or kind == "stored cells"
    assert tensor.materialize() is dense
    assert len(x.graph.nodes) == after
    assert dense.materialize() is dense


def test_what_has_no_value_in_the_graph_raises_only_when_materialized() -> None:
    x = table()
    with pytest.raises(PackError, match=r"\.str") as caught:
        changed(x).materialize()
    assert caught.value.code == "E302"
    with pytest.raises(PackError) as caught:
        x.blocks[1].values.materialize()
    assert caught.value is UNFIT


def test_properties_of_tables_and_outputs_have_no_effect() -> None:
    x = table()
    before = len(x.graph.nodes)
    for value in (x, StepOutput(features=x), StepOutput(features=x, value=x.blocks[0].values), *x.blocks):
        for name in properties(value):
            getattr(value, name)
    assert len(x.graph.nodes) == before


@pytest.mark.parametrize("dtypes", [["float32"], ["float32", "float32"], ["float32", "float64"], ["float32", "bool"],
                                    ["float32", "int64"], ["int64"], ["float64"]])  # fmt: skip
def test_single_precision_is_that_of_the_numbers(dtypes: list[str]) -> None:
    x = input_table(ConversionContext(), FIELDS[:1], {})
    joined = Table.join([x.with_values(x.numbers().cast(dtype)) for dtype in dtypes])
    assert joined.single == (joined.numbers().dtype == "float32")


def test_the_graph_holds_nothing_that_converters_report() -> None:
    graph = ConversionContext().graph
    public = {name for name in vars(graph) if not name.startswith("_")}
    assert public == {"nodes", "top", "opsets", "inputs"}


def test_inputs_know_their_fields_and_stages() -> None:
    x = input_table(ConversionContext(), FIELDS, {}, seen={"s": ["u", "v"]}, dtypes={"s": "arrow"})
    known = [field_of(block.pick([i]).values) for block in x.blocks for i in range(len(block.names))]
    assert [field and field.name for field in known] == ["a", "b", "s"]
    assert known[2] is not None
    assert known[2].values() == ("u", "v")
    assert known[2].arrow
    assert field_of(x.blocks[0].values * np.array(2.0)) is None
    assert text_fields(x.graph) == (2,)
    assert stages_of(x.graph) == ()
    strings = changed(x)
    first = strings.staged({"analyzer": "whole", "ngrams": [1, 1], "vocabulary": ["u"]})
    again = strings.staged({"analyzer": "whole", "ngrams": [1, 1], "vocabulary": ["u"]})
    other = stage_tensors(x.graph, stages_of(x.graph)[0])
    assert [tensor.name for tensor in first] == ["terms0", "counts0"]
    assert [tensor.name for tensor in again] == [tensor.name for tensor in other] == ["terms0", "counts0"]
    assert len(stages_of(x.graph)) == 1
