"""`crop`: a part of the picture (spec/IMAGE.md §6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sealift.stages import read
from sealift.stages.image.grid import Grid, Shape
from sealift.stages.image.problems import PictureError
from sealift.stages.image.steps.base import ImageStep, Raw, choice, size


@dataclass(frozen=True)
class Crop(ImageStep):
    """A part of a fixed size: in the middle, with a rule for halves, or from a fixed pixel on."""

    size: tuple[int, int]
    at: str | tuple[int, int]

    @classmethod
    def of(cls, raw: Raw) -> Self:
        """Read it from JSON. Raises ValueError."""
        keys = read.keys(raw, {"step", "size", "at"})
        at = keys["at"]
        return cls(
            size(keys["size"]), size(at, 0) if isinstance(at, list) else choice(at, "at", ("floor", "half-even"))
        )

    def shape(self, before: Shape) -> Shape:
        """The size of the part."""
        for known, start, wanted in zip(
            before[:2], (0, 0) if isinstance(self.at, str) else self.at, self.size, strict=True
        ):
            if known is not None and start + wanted > known:
                raise ValueError("a crop is larger than the picture")
        return before._replace(height=self.size[0], width=self.size[1])

    def apply(self, grid: Grid) -> Grid:
        """The part."""
        (height, width), (rows, columns) = self.size, grid.levels.shape[:2]
        if isinstance(self.at, str):
            top, left = (_middle(n, m, self.at) for n, m in ((rows, height), (columns, width)))
        else:
            top, left = self.at
        if top < 0 or left < 0 or top + height > rows or left + width > columns:
            raise PictureError(
                "R115", f"has {columns} × {rows} pixels, fewer than the {width} × {height} that are cropped"
            )
        return grid.moved(grid.levels[top : top + height, left : left + width], -top, -left)


def _middle(before: int, after: int, rule: str) -> int:
    """The first row of the middle; -1 where there is none."""
    if after > before:
        return -1
    return (before - after) // 2 if rule == "floor" else round((before - after) / 2)
