"""`gray` and `channels`: other channels of the same pixels (spec/IMAGE.md §6.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from sealift.stages import read
from sealift.stages.image.grid import Grid, Shape
from sealift.stages.image.steps.base import ImageStep, Raw, choice

_WEIGHTS = {"pillow": (19595, 38470, 7471, 16), "opencv": (9798, 19235, 3735, 15)}
"""The weights of the three channels, and the bits of their fraction."""


@dataclass(frozen=True)
class Gray(ImageStep):
    """Red, green and blue levels become one grey level."""

    library: str

    @classmethod
    def of(cls, raw: Raw) -> Self:
        """Read it from JSON. Raises ValueError."""
        keys = read.keys(raw, {"step", "library"})
        return cls(choice(keys["library"], "library", tuple(_WEIGHTS)))

    def shape(self, before: Shape) -> Shape:
        """One channel in place of three."""
        if before.channels != 3 or before.depth != "8":
            raise ValueError("gray needs three channels of 8 bits")
        return before._replace(channels=1)

    def apply(self, grid: Grid) -> Grid:
        """The weighted sum of the channels, in integers."""
        red, green, blue, bits = _WEIGHTS[self.library]
        wide = grid.levels.astype(np.int32)
        total = red * wide[..., 0] + green * wide[..., 1] + blue * wide[..., 2] + (1 << bits - 1)
        return Grid((total >> bits).astype(np.uint8)[..., None], grid.geometry)


@dataclass(frozen=True)
class Channels(ImageStep):
    """Channels by their indices, such as blue first."""

    order: tuple[int, ...]

    @classmethod
    def of(cls, raw: Raw) -> Self:
        """Read it from JSON. Raises ValueError."""
        order = read.items(read.keys(raw, {"step", "order"})["order"], int, 4, least=1)
        return cls(tuple(read.integer(index, 0, 3) for index in order))

    def shape(self, before: Shape) -> Shape:
        """As many channels as indices."""
        if max(self.order) >= before.channels:
            raise ValueError(f"there is no channel {max(self.order)}")
        return before._replace(channels=len(self.order))

    def apply(self, grid: Grid) -> Grid:
        """The chosen channels."""
        return Grid(grid.levels[..., list(self.order)], grid.geometry)
