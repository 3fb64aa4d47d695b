"""A column of numbers as a sequence of Python values, without an object for each value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

_CHUNK = 4096


class NumberValues(Sequence[Any]):
    """The elements (N,) of an array of floats, integers or booleans as Python objects; None for NaN.

    A million of them take 8 MB; in a list they would take 32 MB.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, place: int) -> Any: ...

    @overload
    def __getitem__(self, place: slice) -> NumberValues: ...

    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return NumberValues(self.array[place])
        value = self.array[place].item()
        return None if value != value else value  # noqa: PLR0124 - NaN

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self.array), _CHUNK):
            for value in self.array[start : start + _CHUNK].tolist():
                yield None if value != value else value  # noqa: PLR0124 - NaN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(_same, self, other))

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.array, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        return f"NumberValues({self.array!r})"


def _same(one: object, other: object) -> bool:
    return one == other


def distinct(values: Sequence[Any]) -> set[Any]:
    """The distinct values, without a missing one."""
    if isinstance(values, NumberValues):
        unique = np.unique(values.array)
        return set(unique[unique == unique].tolist())  # noqa: PLR0124 - NaN
    return set(values) - {None}


def count_distinct(values: Sequence[Any]) -> int:
    """The number of distinct values, including a missing one."""
    return len(np.unique(values.array)) if isinstance(values, NumberValues) else len(set(values))
