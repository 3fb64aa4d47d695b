"""`pad`: pixels of one colour around the picture (spec/IMAGE.md §6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from sealift.stages import read
from sealift.stages.image.grid import MOST_SIDE, Grid, Shape, check_size
from sealift.stages.image.steps.base import ImageStep, Raw, check_channels, choice, numbers, single, size

_PLACES = ("start", "end", "floor", "ceil")


@dataclass(frozen=True)
class Pad(ImageStep):
    """Added rows and columns: fixed numbers of them, or as many as a size, a square or a multiple needs."""

    to: str
    by: tuple[int, ...]
    at: str
    value: tuple[float, ...]

    @classmethod
    def of(cls, raw: Raw) -> Self:
        """Read it from JSON. Raises ValueError."""
        keys = read.keys(raw, {"step", "to"}, {"at", "value"})
        to = keys["to"]
        if not isinstance(to, dict) or len(to) != 1 or set(to) - {"by", "least", "square", "multiple"}:
            raise ValueError("to must have one of the keys by, least, square, multiple")
        ((kind, given),) = to.items()
        by: tuple[int, ...] = ()
        if kind == "by":
            by = tuple(read.integer(item, 0, MOST_SIDE) for item in read.items(given, int, 4, least=4))
        elif kind == "least":
            by = size(given)
        elif kind == "multiple":
            by = (read.integer(given, 1, MOST_SIDE),)
        elif given is not True:
            raise ValueError("square must be true")
        if ("at" in keys) == (kind == "by"):
            raise ValueError("at is required, except for by, where it is not permitted")
        at = choice(keys["at"], "at", _PLACES) if "at" in keys else ""
        return cls(kind, by, at, single(numbers(keys.get("value", [0]), "value"), "value"))

    def shape(self, before: Shape) -> Shape:
        """The size with the added pixels."""
        check_channels(self.value, "value", before.channels)
        most = {"8": 255, "16": 65535}.get(before.depth)
        if most is not None and not all(value.is_integer() and 0 <= value <= most for value in self.value):
            raise ValueError(f"value must be whole numbers from 0 to {most}")
        height, width = before[:2]
        if self.to == "least" and (height is None or width is None):
            return before  # a larger picture is kept
        after = None if height is None or width is None else self._after(height, width)
        if after is not None and max(after) > MOST_SIDE:
            raise ValueError("a pad exceeds the largest picture")
        return before if after is None else before._replace(height=after[0], width=after[1])

    def apply(self, grid: Grid) -> Grid:
        """The picture with the added pixels."""
        rows, columns = grid.levels.shape[:2]
        height, width = self._after(rows, columns)
        check_size(height, width)
        down, right = (
            (self.by[0], self.by[2])
            if self.to == "by"
            else (_before(n, self.at) for n in (height - rows, width - columns))
        )
        levels: Any = np.empty((height, width, grid.levels.shape[2]), grid.levels.dtype)
        levels[:] = self.value
        levels[down : down + rows, right : right + columns] = grid.levels
        return grid.moved(levels, down, right)

    def _after(self, rows: int, columns: int) -> tuple[int, int]:
        """The new height and width."""
        if self.to == "by":
            top, bottom, left, right = self.by
            return rows + top + bottom, columns + left + right
        if self.to == "least":
            return max(rows, self.by[0]), max(columns, self.by[1])
        if self.to == "square":
            return max(rows, columns), max(rows, columns)
        (unit,) = self.by
        return -(-rows // unit) * unit, -(-columns // unit) * unit


def _before(added: int, at: str) -> int:
    """How many of the added rows precede the picture."""
    return {"start": 0, "end": added, "floor": added // 2, "ceil": added - added // 2}[at]
