"""`multiply`, `divide`, `subtract`, `add`: one operation on every level (spec/IMAGE.md §6.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from sealift.stages import read
from sealift.stages.image.grid import Grid, Shape
from sealift.stages.image.steps.base import ImageStep, Raw, check_channels, choice, numbers, single

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "multiply": np.multiply,
    "divide": np.divide,
    "subtract": np.subtract,
    "add": np.add,
}


_PRECISIONS = {"float32": False, "float64": True}


@dataclass(frozen=True)
class Arithmetic(ImageStep):
    """An operation with a number for all channels, or one for each channel; in float32, or in float64."""

    operation: str
    by: tuple[float, ...]
    double: bool

    @classmethod
    def of(cls, raw: Raw) -> Self:
        """Read it from JSON. Raises ValueError."""
        keys = read.keys(raw, {"step", "by"}, {"precision"})
        precision = choice(keys.get("precision", "float32"), "precision", tuple(_PRECISIONS))
        double = _PRECISIONS[precision]
        by = numbers(keys["by"], "by")
        if not double:
            by = single(by, "by")
        if keys["step"] == "divide" and 0 in by:
            raise ValueError("a divisor must not be 0")
        return cls(keys["step"], by, double)

    def shape(self, before: Shape) -> Shape:
        """The same size."""
        check_channels(self.by, "by", before.channels)
        return before._replace(depth="float")

    def apply(self, grid: Grid) -> Grid:
        """The levels after the operation; they may be infinite, which the stage reports at its end."""
        kind = np.float64 if self.double else np.float32
        levels = grid.levels.astype(kind, copy=False)
        with np.errstate(all="ignore"):
            return Grid(_OPERATIONS[self.operation](levels, np.array(self.by, dtype=kind)), grid.geometry)
