"""Rows with which a net is exported and checked: some of the caller's, or invented ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.frameworks.nets.arguments import Arguments
from sealift.frameworks.nets.invariance import BATCHES
from sealift.graph.builder import Tensor

_ROWS = BATCHES[-1]
_LENGTH = 8
"""The size of an axis whose size is free."""


def first_rows(arguments: Arguments, rows: Any) -> dict[str, npt.NDArray[Any]] | None:
    """The first rows as arrays, by argument; None for rows that are not numbers, such as names of files."""
    if isinstance(rows, list) and rows and not isinstance(rows[0], list | np.ndarray | int | float):
        return None
    arrays = arguments.arrays(_head(rows))
    if any(array.dtype.kind not in "fiubO" or array.ndim == 0 for array in arrays.values()):
        return None
    if any(array.dtype == np.object_ for array in arrays.values()):
        return _as_floats(arrays)
    return {name: np.array(array) for name, array in arrays.items()}


def invented(names: Sequence[str], tensors: Sequence[Tensor]) -> dict[str, npt.NDArray[Any]]:
    """Rows for tensors of a graph: normal numbers; 0 and 1 for integers, which every vocabulary has."""
    random = np.random.default_rng(0)
    made: dict[str, npt.NDArray[Any]] = {}
    for name, tensor in zip(names, tensors, strict=True):
        shape = (_ROWS, *(_LENGTH if size is None else size for size in tensor.shape[1:]))
        if tensor.dtype.startswith("float"):
            made[name] = random.normal(size=shape).astype(tensor.dtype)
        else:
            whole = random.integers(0, 2, size=shape)
            whole[:, :1] = 1  # no mask leaves out everything
            made[name] = whole.astype(tensor.dtype)
    return made


def as_given(array: npt.NDArray[Any], dtype: str) -> npt.NDArray[Any]:
    """A copy of an array as the net takes it: floats in the dtype of its weights. A net could write into it."""
    if array.dtype.kind == "f":
        return np.array(array, dtype=dtype)
    return np.array(array, dtype=np.int64 if array.dtype.kind in "iu" and array.dtype != np.uint8 else array.dtype)


def graph_dtype(dtype: np.dtype[Any]) -> str:
    """The dtype of an argument in the graph."""
    return "bool" if dtype.kind == "b" else "int64" if dtype.kind in "iu" else str(dtype)


def _head(rows: Any) -> Any:
    """The first rows of arrays, of a dict or a tuple of arrays, or of a data frame."""
    if isinstance(rows, dict):
        return {name: part[:_ROWS] for name, part in rows.items()}
    if isinstance(rows, tuple):
        return tuple(part[:_ROWS] for part in rows)
    return rows[:_ROWS]


def _as_floats(arrays: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]] | None:
    """Arrays of objects as floats; None where they are not numbers."""
    try:
        return {name: array.astype(np.float64) for name, array in arrays.items()}
    except (TypeError, ValueError):
        return None
