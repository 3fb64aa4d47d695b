"""Resize as `cv2.resize` does it for uint8 with INTER_NEAREST and INTER_LINEAR (spec/IMAGE.md §3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sealift.stages.image.resize.rule import Pixels

_ONE = 2048
"""A weight of 1."""

Lines = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]]
"""For each pixel of the result along one dimension: its first pixel, and the weights of that and of the next."""


def scales(before: int, after: int) -> tuple[float, float]:
    """The quotient of the sizes and its reciprocal, both rounded to float64."""
    inverse = after / before
    return 1.0 / inverse, inverse


def resized(pixels: Pixels, width: int, height: int, name: str) -> Pixels:
    """The image, rows × columns × channels, with `width` columns and `height` rows; `name` is nearest or linear."""
    rows, columns = pixels.shape[:2]
    if (columns, rows) == (width, height):
        return pixels.copy()
    if name == "nearest":
        return pixels[_nearest(rows, height)[:, None], _nearest(columns, width)]
    if (columns, rows) == (2 * width, 2 * height):
        return halved(pixels)
    return interpolated(pixels, _linear(columns, width), _linear(rows, height))


def halved(pixels: Pixels) -> Pixels:
    """Each 2 × 2 pixels become their mean, rounded half up."""
    wide = pixels.astype(np.int32)
    total = wide[::2, ::2] + wide[::2, 1::2] + wide[1::2, ::2] + wide[1::2, 1::2]
    return (total + 2 >> 2).astype(np.uint8)


def interpolated(pixels: Pixels, across: Lines, down: Lines) -> Pixels:
    """Interpolate between two columns, then between two rows, in integers."""
    rows, columns = pixels.shape[:2]
    first, left, right = (each[:, None] for each in across)
    # Before the first column and from the last one on, the whole weight is that column's. Rows keep their weights.
    outside = (first < 0) | (first >= columns - 1)
    left, right = np.where(outside, _ONE, left), np.where(outside, 0, right)
    wide = pixels.astype(np.int32)
    at = np.clip(first[:, 0], 0, columns - 1)
    lines = (wide[:, at] * left + wide[:, np.minimum(at + 1, columns - 1)] * right) >> 4
    at, upper, lower = down
    above, below = (lines[np.clip(row, 0, rows - 1)] for row in (at, at + 1))
    total = (above * upper[:, None, None] >> 16) + (below * lower[:, None, None] >> 16)
    levels: Pixels = np.clip(total + 2 >> 2, 0, 255).astype(np.uint8)
    return levels


def weighted(first: npt.NDArray[np.int64], fraction: npt.NDArray[np.float32]) -> Lines:
    """The weights of two neighbours, from the fraction between them."""
    one = np.float32(1)
    weights = (np.rint(part * np.float32(_ONE)).astype(np.int32) for part in (one - fraction, fraction))
    return first, next(weights), next(weights)


def _nearest(before: int, after: int) -> npt.NDArray[np.int64]:
    scale, _ = scales(before, after)
    positions: npt.NDArray[np.int64] = np.floor(np.arange(after) * scale).astype(np.int64)
    return np.minimum(positions, before - 1)


def _linear(before: int, after: int) -> Lines:
    scale, _ = scales(before, after)
    position = ((np.arange(after) + 0.5) * scale - 0.5).astype(np.float32)
    whole = np.floor(position)
    return weighted(whole.astype(np.int64), position - whole)
