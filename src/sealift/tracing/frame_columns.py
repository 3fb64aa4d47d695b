"""Columns of a table put in, taken out and chosen by name, as pandas does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.graph.builder import Tensor
from sealift.graph.table import Block, Table
from sealift.tracing.array import is_array
from sealift.tracing.datetimes import as_block, is_datetimes
from sealift.tracing.shapes import constant, expanded
from sealift.tracing.unsupported import UnsupportedOperation, rows_at_once


def with_column(table: Table, name: str, value: Any) -> Table:
    """The table with one column replaced, or added at its end."""
    new = _block(table, name, value)
    if name not in table.names:
        return Table.join([table, table.with_blocks(new)])
    at = table.names.index(name)
    before, after = table.select(range(at)), table.select(range(at + 1, table.width))
    return Table.join([before, table.with_blocks(new), after])


def _block(table: Table, name: str, value: Any) -> Block:
    if is_datetimes(value):
        return as_block(value, (name,))
    values, missing, null = column_of(table, value)
    return Block(values, missing, (name,), null)


def column_of(table: Table, value: Any) -> tuple[Tensor, Tensor | None, float | None]:
    """A column to be assigned as a matrix (N, 1), its mask, and what a missing string is."""
    like = table.blocks[0].values
    tensor = value.tensor() if is_array(value) else constant(table.graph, value)
    if tensor.shape == (None,):
        tensor = tensor.matrix()
    elif None not in tensor.shape:
        if tensor.shape not in ((), (1,), (1, 1)):
            raise rows_at_once("a column with a value of its own for each row")
        tensor = expanded(tensor, (None, 1), like)
    if tensor.shape != (None, 1):
        raise UnsupportedOperation("it assigns several columns to one name", "Assign them one by one.")
    if tensor.dtype != "object":
        return tensor, None, np.nan
    mask = value.missing if is_array(value) and value.missing is not None else constant(table.graph, False)
    mask = mask.matrix() if mask.shape == (None,) else expanded(mask, (None, 1), like)
    return tensor, mask, getattr(value, "null", np.nan)


def dropped(table: Table, names: Sequence[str]) -> Table:
    """The table without some columns. Raises KeyError as pandas does."""
    unknown = [name for name in names if name not in table.names]
    if unknown:
        raise KeyError(f"{unknown} not found in axis")
    return table.select([i for i, name in enumerate(table.names) if name not in names])


def matching(names: Sequence[str], items: Any, like: str | None, regex: str | None) -> list[str]:
    """The names that `df.filter` keeps."""
    if items is not None:
        return [name for name in items if name in names]
    if like is not None:
        return [name for name in names if like in name]
    return [name for name in names if re.search(regex or "", name)]
