"""`resize`: another size, with the arithmetic of a named library (spec/IMAGE.md §6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sealift.stages import read
from sealift.stages.image.grid import MOST_SIDE, Grid, Shape, check_size
from sealift.stages.image.resize import ResizeRule, resized
from sealift.stages.image.resize.rule import CHANNELS, FILTERS, PASS_ORDERS
from sealift.stages.image.steps.base import ImageStep, Raw, choice
from sealift.stages.image.steps.new_size import NewSize


@dataclass(frozen=True)
class Resize(ImageStep):
    """A resize of integer levels by Pillow or OpenCV."""

    rule: ResizeRule
    to: NewSize

    @classmethod
    def of(cls, raw: Raw) -> Self:
        """Read it from JSON. Raises ValueError."""
        library = choice(raw.get("library"), "library", tuple(FILTERS))
        keys = read.keys(raw, {"step", "library", "filter", "to"}, {"passes"} if library == "pillow" else set())
        name = choice(keys["filter"], "filter", FILTERS[library])
        passes = choice(keys.get("passes", "by-size"), "passes", PASS_ORDERS)
        return cls(ResizeRule(library, name, passes), NewSize.of(keys["to"]))

    def shape(self, before: Shape) -> Shape:
        """The new size, where it is known."""
        deep = before.depth == "16" and self.rule.library == "pillow" and before.channels == 1
        if not deep and (before.depth != "8" or before.channels not in CHANNELS[self.rule.library]):
            raise ValueError(f"{self.rule.library} cannot resize {before.channels} channels of {before.depth}")
        if self.to.kind == "size":
            return before._replace(height=self.to.sides[0], width=self.to.sides[1])
        if before.height is None or before.width is None:
            return before
        height, width = self.to.after(before.height, before.width)
        if max(height, width) > MOST_SIDE:
            raise ValueError("a resize exceeds the largest picture")
        return before._replace(height=height, width=width)

    def apply(self, grid: Grid) -> Grid:
        """The picture with the new size."""
        rows, columns, channels = grid.levels.shape
        height, width = self.to.after(rows, columns)
        check_size(height, width)
        levels = grid.levels[..., 0] if channels == 1 else grid.levels
        return grid.resized(resized(levels, width, height, self.rule).reshape(height, width, channels))
