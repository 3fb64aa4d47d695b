"""A picture between two steps of an image stage, and what is known of it before one is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from sealift.stages.image.problems import PictureError

MOST_SIDE, MOST_PIXELS, MOST_NUMBERS = 1 << 15, 1 << 27, 1 << 26
"""The maximum of rows and of columns, of pixels, and of numbers in a tensor (spec/IMAGE.md §8)."""

Depth = Literal["8", "16", "float"]


class Shape(NamedTuple):
    """What follows from the specification: sizes are None where they depend on the picture.

    Attributes:
        height, width: the size in pixels.
        channels: the number of channels.
        depth: the bits of integer levels, or `float` after an arithmetic step.
    """

    height: int | None
    width: int | None
    channels: int
    depth: Depth


@dataclass
class Grid:
    """A picture.

    Attributes:
        levels: (height, width, channels) of uint8, uint16, float32 or float64.
        geometry: float64 (6,): height and width of the decoded picture, scale y and x, offset y and x.
    """

    levels: npt.NDArray[Any]
    geometry: npt.NDArray[np.float64]

    @classmethod
    def of(cls, levels: npt.NDArray[Any]) -> Grid:
        """A decoded picture."""
        return cls(levels, np.array([*levels.shape[:2], 1.0, 1.0, 0.0, 0.0]))

    def resized(self, levels: npt.NDArray[Any]) -> Grid:
        """The picture after a resize to `levels`."""
        geometry = self.geometry.copy()
        for axis in (0, 1):
            factor = levels.shape[axis] / self.levels.shape[axis]
            geometry[2 + axis] *= factor
            geometry[4 + axis] *= factor
        return Grid(levels, geometry)

    def moved(self, levels: npt.NDArray[Any], down: int, right: int) -> Grid:
        """The picture after its first pixel moved to row `down` and column `right`, which may be negative."""
        geometry = self.geometry.copy()
        geometry[4:] += (down, right)
        return Grid(levels, geometry)


def check_size(height: int, width: int) -> None:
    """Raise PictureError R112 for a size beyond the limits."""
    if height < 1 or width < 1:
        raise PictureError("R112", "has no pixels")
    if height > MOST_SIDE or width > MOST_SIDE or height * width > MOST_PIXELS:
        raise PictureError(
            "R112",
            f"has {width} × {height} pixels; at most {MOST_SIDE} a side and {MOST_PIXELS:,} altogether are permitted",
        )
