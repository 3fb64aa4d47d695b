"""Arrays as plain values of a column."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class ArrayValue:
    """One array of numbers as a value that can be compared and hashed, as numbers and strings can."""

    __slots__ = ("array",)

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self.array = array

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArrayValue) and np.array_equal(self.array, other.array)

    def __hash__(self) -> int:
        return hash((self.array.shape, (self.array + 0.0).tobytes()))  # -0.0 equals 0.0

    def __repr__(self) -> str:
        return f"array{list(self.array.shape)}"


def stacked(values: Any, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Values as one array (N, *shape) of float64, NaN where a value is None.

    Raises:
        ValueError: for a value of another shape.
    """
    array = np.full((len(values), *shape), np.nan)
    for row, value in enumerate(values):
        if value is not None:
            array[row] = value.array
    return array
