"""Read NumPy arrays, lists of lists and sparse matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sealift.contract import as_table
from sealift.errors import PackError
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Values, as_numbers, column_of, readable
from sealift.packing.inputs.dates import as_datetimes, as_objects


def read_array(X: Any) -> InputRows:
    """Read a 2-d array or a list of lists. Raises ContractError E104, PackError E305."""
    table = as_table(X)
    if isinstance(table, Mapping):
        raise PackError(
            "E305", "X is neither a data frame nor an array.", fix="Give a data frame or a 2-d NumPy array."
        )
    array = np.asarray(table)
    every = [(f"x{i}", array[:, i]) for i in range(array.shape[1])]
    columns = tuple(readable(n, c, array.dtype, partial(column_of, n, c, native=array.dtype)) for n, c in every)

    def build(rows: Mapping[str, Values]) -> Any:
        if array.dtype.kind in "iub" and not any(None in rows[column.name] for column in columns):
            return _as_given(np.column_stack([np.array(rows[column.name]) for column in columns]), array.dtype)
        if array.dtype.kind in "fiub":
            kind = np.dtype(np.float32 if array.dtype == np.float32 else np.float64)
            return np.column_stack([as_numbers(rows[c.name], kind) for c in columns])
        if array.dtype.kind == "M":
            return np.column_stack([as_datetimes(rows[column.name], array.dtype) for column in columns])
        result = np.empty((len(next(iter(rows.values()))), len(columns)), dtype=object)
        for i, column in enumerate(columns):
            values = rows[column.name]
            if column.unfit is not None:
                result[:, i] = [*values]
            elif column.type.stands_for:
                result[:, i] = as_objects(values, column.native, column.null)
            else:
                result[:, i] = [column.null if value is None else value for value in values]
        return result

    return InputRows(columns, array, build)


_SPARSE = (
    "X is a sparse matrix: the model is given rows in that format, in which a 0 is a cell that is not stored. XGBoost "
    "reads such cells as missing, other models as 0."
)


def read_sparse(X: Any) -> InputRows:
    """Read a sparse matrix or array of SciPy. Raises PackError E304, E305."""
    if X.ndim != 2:
        raise PackError("E305", f"X is a sparse array of {X.ndim} axes.", fix="Give one of two axes.")
    dense = read_array(X.toarray())

    def build(rows: Mapping[str, Values]) -> Any:
        return type(X)(dense.build(rows))

    return replace(dense, rows=type(X)(dense.rows), build=build, notes=(_SPARSE,), sparse=True)


def _as_given(values: Any, kind: Any) -> Any:
    """Integers in the caller's own dtype, in which 1 // 0 is 0; in int64 if they do not fit it."""
    if kind.kind == "b":
        return values.astype(kind)
    limits = np.iinfo(kind)
    fits = limits.min <= values.min(initial=0) and values.max(initial=0) <= limits.max
    return values.astype(kind if fits else np.int64)
