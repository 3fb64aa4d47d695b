"""Values of the usual Python and NumPy types as arrays, for the compiled checks.

A value of another type raises `NotPlain`, and `check.encode` decides what it is.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.contract.check import Array, is_missing, is_valid_string

# Types whose values `float()` converts as `check.encode` does. Their subclasses are left to it.
NUMBERS = frozenset(
    {float, int, bool, np.bool_, np.float64, np.float32, np.float16}
    | {np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64}
)
_PACKED = 1 << 13  # struct is faster than NumPy for so many values, and keeps a compiled format for each length
_NUMBERS_OR_NONE = NUMBERS | {type(None)}


class NotPlain(Exception):  # noqa: N818 -- not an error: `check.encode` decides
    """A value that `check.encode` has to judge."""


def floats(values: Sequence[Any]) -> Sequence[Any]:
    """Values that `float()` converts, missing values as NaN. Raises NotPlain."""
    kinds = list(map(type, values))
    if kinds.count(float) == len(values):
        return values
    if NUMBERS.issuperset(kinds):  # one call of C for each column; JSON has whole numbers as int
        return values
    if _NUMBERS_OR_NONE.issuperset(kinds):
        return [math.nan if value is None else value for value in values]
    return [value if type(value) is float else number(value) for value in values]


def number(value: Any) -> Any:
    """A number as it is, NaN for a missing value. Raises NotPlain."""
    return math.nan if value is None else value if type(value) in NUMBERS else gap(value)


def gap(value: object) -> float:
    """NaN for a missing value. Raises NotPlain otherwise, also for subclasses of float, which may have a length."""
    odd = isinstance(value, float) and type(value) is not float and type(value) is not np.float64
    if odd or not is_missing(value):
        raise NotPlain
    return math.nan


def numbers(column: Any) -> Array:
    """A column of numbers as an array. Raises NotPlain, OverflowError."""
    if type(column) is np.ndarray and column.dtype.kind in "fiub":
        return column
    values = floats(listed(column))
    count = len(values)
    if count > _PACKED:
        return np.fromiter(values, dtype=np.float64, count=count)
    array = np.empty(count)
    struct.pack_into(f"{count}d", array.data, 0, *values)
    return array


def listed(column: Any) -> Sequence[Any]:
    """A column's values as Python objects, for lists, tuples and plain arrays. Raises NotPlain."""
    if isinstance(column, list | tuple):
        return column
    if type(column) is np.ndarray and column.dtype.kind in "OU":
        values: list[Any] = column.tolist()
        return values
    raise NotPlain


def plain_strings(values: Sequence[Any]) -> tuple[Sequence[str], list[int]]:
    """The strings, empty where one is missing, and the indices of the missing ones. Raises NotPlain."""
    gaps: list[int] = []
    if list(map(type, values)).count(str) != len(values):
        gaps = [at for at, value in enumerate(values) if type(value) is not str]
        strings = list(values)
        for at in gaps:
            gap(strings[at])
            strings[at] = ""
        values = strings
    if not is_valid_string("".join(values)):
        raise NotPlain
    return values, gaps
