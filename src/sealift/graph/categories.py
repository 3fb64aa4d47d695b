"""Values to the numbers of their categories, in the graph: all columns of a kind with a handful of nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.contract import is_missing
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.edited_strings import EditedStrings
from sealift.graph.search import look_up, positions
from sealift.graph.sparse import OneHot
from sealift.graph.step import refuse
from sealift.graph.table import Block, Table, dated

UNKNOWN = -1
_MOST_DENSE = 256
"""Up to so many indicator columns a product of matrices is as fast as gathering its rows, and needs little memory."""
OMITTED: Any = object()
"""In a list of categories, one whose name the graph does not need."""


def codes(x: Table, categories: Sequence[Any]) -> Tensor:
    """The index of each value in its column's categories, int64 (N, width); UNKNOWN where it is none of them.

    A missing value (NaN or None) has the index of the missing category, if there is one.
    """
    parts, start = [], 0
    for block in x.blocks:
        if block.time:
            raise dated(block)
        known = [list(column) for column in categories[start : start + len(block.names)]]
        parts.append(_string_codes(block, known) if block.is_text else _number_codes(block, known))
        start += len(block.names)
    return concat(parts)


def translate(result: Tensor, tables: Sequence[Any]) -> Tensor:
    """`tables[i][found[:, i]]` for each column, where UNKNOWN means a table's last entry."""
    turned = [np.concatenate([np.asarray(table)[-1:], np.asarray(table)[:-1]]) for table in tables]
    return look_up(turned, result + 1)


def needed_categories(categories: Sequence[Any], tables: Sequence[Any]) -> list[list[Any]]:
    """The categories without those that `tables` treat as the unknown, whose names the graph does not need.

    The names of infrequent categories, which may be names of people, are not in the file.
    """
    result = []
    for known, table in zip(categories, tables, strict=True):
        numbers = np.asarray(table, dtype=np.float64)
        same = (numbers == numbers[-1]) | (np.isnan(numbers) & np.isnan(numbers[-1]))
        result.append([OMITTED if gone and not is_missing(v) else v for v, gone in zip(known, same[:-1], strict=True)])
    return result


def indicators(value: Tensor, kept: Sequence[Sequence[int]], counts: Sequence[int]) -> Tensor:
    """Columns of 0 and 1, float64: for each column i and each number in kept[i], whether the column holds it.

    Many of them are a sparse matrix: a row is the list of the columns that hold 1. The numbers of column i are below
    counts[i], or UNKNOWN.
    """
    source = np.repeat(np.arange(len(kept)), [len(numbers) for numbers in kept])
    wanted = np.concatenate([np.asarray(numbers, dtype=np.int64) for numbers in kept])
    if len(wanted) <= _MOST_DENSE:
        return value.columns(source).equals(wanted[None, :]).cast("float64")
    starts = np.cumsum([0, *(len(numbers) for numbers in kept)])
    tables = []
    for start, numbers, count in zip(starts[:-1].tolist(), kept, counts, strict=True):
        table = np.full(count + 1, UNKNOWN)  # the last entry is for the unknown
        table[np.asarray(numbers, dtype=np.int64)] = start + np.arange(len(numbers))
        tables.append(table)
    result = OneHot(translate(value, tables), len(wanted))

    def compute(indices: list[int]) -> Tensor:
        used = sorted(set(source[indices].tolist()))
        some = np.asarray(indices)
        numbers = [wanted[some[source[some] == column]].tolist() for column in used]
        return indicators(value.only(used), numbers, [counts[column] for column in used])

    result.compute = compute
    return result


def _string_codes(block: Block, categories: list[list[Any]]) -> Tensor:
    assert block.missing is not None
    none = block.null is None
    strings = [{v: i for i, v in enumerate(known) if isinstance(v, str)} for known in categories]
    missing = [
        next((i for i, v in enumerate(known) if is_missing(v) and (v is None) == none), UNKNOWN) for known in categories
    ]
    if isinstance(block.values, EditedStrings):
        result = block.values.codes(strings[0], UNKNOWN)
    else:
        result = _places(block.values, strings) if any(strings) else block.missing.cast("int64") * 0 + UNKNOWN
    return where(block.missing, np.array([missing]), result)


def _places(values: Tensor, strings: list[dict[str, int]]) -> Tensor:
    """The number that each column's dictionary gives its string, int64 (N, width); UNKNOWN for others."""
    if len(strings) == 1:
        return _map(values, "strings", strings[0])
    # One dictionary over all columns, then the pair of string and column to the number in that column.
    width = len(strings)
    every = {string: i for i, string in enumerate(dict.fromkeys(string for column in strings for string in column))}
    pairs = {every[string] * width + c: i for c, column in enumerate(strings) for string, i in column.items()}
    number = _map(values, "strings", every)
    result = _map(where(number < 0, UNKNOWN, number * width + np.arange(width)[None, :]), "int64s", pairs)
    result.compute = lambda indices: _places(values.only(indices), [strings[i] for i in indices])
    return result


def _map(values: Tensor, kind: str, pairs: dict[Any, int]) -> Tensor:
    keys: Any = list(pairs) if kind == "strings" else np.fromiter(pairs, dtype=np.int64)
    given: dict[str, Any] = {f"keys_{kind}": keys}
    return values.op(
        "LabelEncoder",
        dtype="int64",
        domain="ai.onnx.ml",
        values_int64s=np.fromiter(pairs.values(), dtype=np.int64),
        default_int64=UNKNOWN,
        **given,
    )


def _number_codes(block: Block, categories: list[list[Any]]) -> Tensor:
    values = block.values.cast("float64")
    keys, places, missing = [], [], []
    for known in categories:
        present = [(float(v), i) for i, v in enumerate(known) if _is_number(v)]
        present.sort()
        # The last entry of each is for values above every key; NaN equals nothing.
        keys.append(np.array([*(key for key, _ in present), np.nan]))
        places.append(np.array([*(i for _, i in present), UNKNOWN]))
        nothing = [i for i, v in enumerate(known) if is_missing(v)]
        exact = [i for i in nothing if (known[i] is None) == (block.null is None)]
        # Inside a pipeline it can be lost which of the two a column of numbers had; mostly it has but one.
        missing.append([*exact, *nothing, UNKNOWN][0])
    place = positions(values, [column[:-1] for column in keys], right=False)
    result = where(look_up(keys, place).equals(values), look_up(places, place), UNKNOWN)
    return where(values.isnan(), np.array([missing]), result)


def _is_number(value: Any) -> bool:
    return value is not OMITTED and not is_missing(value) and not isinstance(value, str)


def refuse_dates(categories: Sequence[Any]) -> None:
    """Raise PackError E302 where categories are dates, which the contract has no field for."""
    if any(np.asarray(known).dtype.kind in "mM" for known in categories):
        raise refuse("It encodes dates.", "Turn dates into text or numbers before the model.")
