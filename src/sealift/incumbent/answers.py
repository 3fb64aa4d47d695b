"""The incumbent's answers as arrays, from the forms that prediction protocols have in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Answers: TypeAlias = dict[str, npt.NDArray[Any]]
"""Name → (N,) or (N, K); float64 for numbers, object for strings. The name is empty where the protocol has none."""

_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def answers_of(rows: Sequence[Any]) -> Answers | None:
    """The answers of N rows: values, lists of values, or objects of these by name; None for other forms."""
    if rows and all(isinstance(row, Mapping) for row in rows):
        names = list(rows[0])
        if any(list(row) != names for row in rows):
            return None
        columns = {name: _array([_part(row[name]) for row in rows]) for name in names}
        return {name: array for name, array in columns.items() if array is not None} or None
    array = _array(list(rows))
    return None if array is None else {"": array}


def columns_of(columns: Mapping[str, Sequence[Any]]) -> Answers | None:
    """The same for answers that are given by name, each with N values."""
    arrays = {name: _array([_part(value) for value in values]) for name, values in columns.items()}
    return {name: array for name, array in arrays.items() if array is not None} or None


def _part(value: Any) -> Any:
    """A value; an object by class becomes the list of its values."""
    return list(value.values()) if isinstance(value, Mapping) else value


def _array(values: list[Any]) -> npt.NDArray[Any] | None:
    if values and all(isinstance(value, list) for value in values):
        widths = {len(value) for value in values}
        if len(widths) != 1:
            return None
        flat = _flat([part for value in values for part in value])
        if flat is None:
            return None
        array = flat.reshape(len(values), widths.pop())
        return array[:, 0] if array.shape[1] == 1 else array
    return _flat(values)


def _flat(values: list[Any]) -> npt.NDArray[Any] | None:
    numbers = [_WORDS.get(value, value) if isinstance(value, str) else value for value in values]
    if all(value is None or isinstance(value, int | float) for value in numbers):
        return np.array([float("nan") if value is None else float(value) for value in numbers], dtype=np.float64)
    if all(isinstance(value, str) for value in values):
        array = np.empty(len(values), dtype=np.object_)
        array[:] = values
        return array
    return None
