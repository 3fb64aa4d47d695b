"""`resize`: another size, with the arithmetic of a named library (spec/IMAGE.md §6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sealift.stages import read
from sealift.stages.image.grid import MOST_SIDE, Grid, Shape, check_size
from sealift.stages.image.resize import ResizeRule, interpolation, resized
from sealift.stages.image.resize.interpolation import Interpolation, interpolated
from sealift.stages.image.resize.rule import CHANNELS, FILTERS, PASS_ORDERS
from sealift.stages.image.steps.base import ImageStep, Raw, choice
from sealift.stages.image.steps.new_size import NewSize


@dataclass(frozen=True)
class Resize(ImageStep):
    """A resize of integer levels by Pillow or OpenCV, or of floats as by PyTorch or TensorFlow."""

    rule: ResizeRule | Interpolation
    to: NewSize

    @classmethod
    def of(cls, raw: Raw) -> Self:
        """Read it from JSON. Raises ValueError."""
        library = choice(raw.get("library"), "library", (*FILTERS, *interpolation.FILTERS))
        if library not in FILTERS:
            return cls(_interpolation(raw, library), NewSize.of(raw["to"]))
        keys = read.keys(raw, {"step", "library", "filter", "to"}, {"passes"} if library == "pillow" else set())
        name = choice(keys["filter"], "filter", FILTERS[library])
        passes = choice(keys.get("passes", "by-size"), "passes", PASS_ORDERS)
        return cls(ResizeRule(library, name, passes), NewSize.of(keys["to"]))

    def shape(self, before: Shape) -> Shape:
        """The new size, where it is known."""
        if isinstance(self.rule, Interpolation):
            return self._sized(before._replace(depth="float"))
        deep = before.depth == "16" and self.rule.library == "pillow" and before.channels == 1
        if not deep and (before.depth != "8" or before.channels not in CHANNELS[self.rule.library]):
            raise ValueError(f"{self.rule.library} cannot resize {before.channels} channels of {before.depth}")
        return self._sized(before)

    def _sized(self, before: Shape) -> Shape:
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
        if isinstance(self.rule, Interpolation):
            return grid.resized(interpolated(grid.levels, width, height, self.rule))
        levels = grid.levels[..., 0] if channels == 1 else grid.levels
        return grid.resized(resized(levels, width, height, self.rule).reshape(height, width, channels))


def _interpolation(raw: Raw, library: str) -> Interpolation:
    """The rule of a resize of floats. Raises ValueError."""
    keys = read.keys(raw, {"step", "library", "filter", "to"}, {"antialias"} if library == "torch" else set())
    name = choice(keys["filter"], "filter", interpolation.FILTERS[library])
    antialias = read.flag(keys.get("antialias", False), "antialias")
    if antialias and name not in interpolation.SMOOTH:
        raise ValueError(f"antialias needs one of the filters {', '.join(interpolation.SMOOTH)}")
    return Interpolation(library, name, antialias)
