"""One image stage: from a picture to its numbers in the tensor (spec/IMAGE.md §4)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.stages import read
from sealift.stages.image.decode import CHANNELS, Decode, Decoded
from sealift.stages.image.grid import MOST_NUMBERS, Grid, Shape
from sealift.stages.image.problems import PictureError
from sealift.stages.image.statistics import colour_of, statistics_of
from sealift.stages.image.steps import ImageStep, step_of
from sealift.stages.image.steps.base import choice
from sealift.stages.image.usual import Usual, caution

MOST_STEPS = 64

Sizes = tuple[int | None, int | None, int | None]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture after all steps.

    Attributes:
        pixels: float32, in the layout of the stage.
        geometry: float64 (6,).
        notes: what makes its answer less reliable.
    """

    pixels: npt.NDArray[np.float32]
    geometry: npt.NDArray[np.float64]
    notes: tuple[str, ...] = ()


class ImageStage:
    """An image stage.

    Attributes:
        decode: how a picture becomes levels.
        steps: the steps, in order.
        layout: CHW or HWC.
        shape: the sizes in the order of `layout`; None where they depend on the picture.
        usual: the usual statistics of pictures; None where they are not known.
    """

    def __init__(self, raw: object) -> None:
        """Read the key `spec` of a stage. Raises ValueError when malformed."""
        spec = read.keys(raw, {"decode", "steps", "layout", "shape"}, {"usual"})
        self.decode = Decode.of(spec["decode"])
        self.steps: tuple[ImageStep, ...] = tuple(map(step_of, read.items(spec["steps"], dict, MOST_STEPS)))
        self.layout = choice(spec["layout"], "layout", ("CHW", "HWC"))
        self.shape = shape_of(spec)
        self.usual = Usual.of(spec["usual"]) if "usual" in spec else None
        mode = self.decode.mode
        shape = Shape(None, None, CHANNELS[mode], "16" if mode == "I;16" else "8")
        for number, step in enumerate(self.steps):
            try:
                shape = step.shape(shape)
            except ValueError as error:
                raise ValueError(f"step {number}: {error}") from None
        channels, height, width = _order(self.shape, self.layout)
        if channels != shape.channels:
            raise ValueError(f"shape has {channels} channels, but the steps make {shape.channels}")
        if shape.height is not None and (height, width) != shape[:2]:
            raise ValueError(f"shape contradicts the size {shape.height} × {shape.width} of the steps")

    def prepare(self, value: Any) -> Prepared:
        """A picture after all steps. Raises PictureError."""
        decoded = self.decode.read(value)
        prepared = self._finished(decoded)
        if self.usual is None:
            return prepared
        unlike = self.usual.unlike(self._statistics(decoded, prepared))
        return dataclasses.replace(prepared, notes=(*prepared.notes, caution(unlike))) if unlike else prepared

    def statistics(self, value: Any) -> dict[str, float]:
        """The statistics of a picture that `usual` bounds. Raises PictureError."""
        decoded = self.decode.read(value)
        return self._statistics(decoded, self._finished(decoded))

    def _statistics(self, decoded: Decoded, prepared: Prepared) -> dict[str, float]:
        return statistics_of(prepared.pixels, prepared.geometry, colour_of(decoded.picture), self.layout)

    def _finished(self, decoded: Decoded) -> Prepared:
        grid = Grid.of(decoded.levels)
        for step in self.steps:
            grid = step.apply(grid)
        with np.errstate(over="ignore"):
            levels = grid.levels.astype(np.float32)
        if not np.isfinite(levels).all():
            raise PictureError("R115", "has levels that a step makes infinite or undefined")
        if levels.size > MOST_NUMBERS:
            raise PictureError(
                "R112", f"has {levels.size:,} numbers after the steps; at most {MOST_NUMBERS:,} are permitted"
            )
        pixels = np.ascontiguousarray(levels.transpose(2, 0, 1) if self.layout == "CHW" else levels)
        for size, wanted in zip(pixels.shape, self.shape, strict=True):
            if wanted not in (None, size):
                height, width = levels.shape[:2]
                raise PictureError(
                    "R115", f"has {width} × {height} pixels after the steps, which the model does not take"
                )
        return Prepared(pixels, grid.geometry, decoded.notes)

    def missing(self) -> Prepared:
        """What stands for a missing picture."""
        return Prepared(np.zeros([size or 1 for size in self.shape], np.float32), np.full(6, np.nan))


def shape_of(spec: Any) -> Sizes:
    """The sizes in the tensor. Raises ValueError."""
    layout = choice(spec.get("layout"), "layout", ("CHW", "HWC"))
    raw = spec.get("shape")
    if not isinstance(raw, list) or len(raw) != 3:
        raise ValueError("shape must be a list of three sizes")
    shape = tuple(None if size is None else read.integer(size, 1, 1 << 15) for size in raw)
    channels, height, width = _order(shape, layout)
    if channels is None or channels > 4 or (height is None) != (width is None):
        raise ValueError("shape must have 1 to 4 channels, and a height and a width, or null for both")
    return shape[0], shape[1], shape[2]


def _order(shape: tuple[int | None, ...], layout: str) -> tuple[int | None, ...]:
    """Channels, height, width."""
    return shape if layout == "CHW" else (shape[2], shape[0], shape[1])
