"""Resize as `cv2.resize` does it for uint8 with INTER_AREA (spec/IMAGE.md §3.3)."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sealift.stages.image.resize.opencv import Lines, halved, interpolated, scales, weighted
from sealift.stages.image.resize.rule import Pixels

_LEAST = 1e-3
"""A pixel that is covered by no more than this is left out."""


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """The image, rows × columns × channels, with `width` columns and `height` rows."""
    rows, columns = pixels.shape[:2]
    if (columns, rows) == (width, height):
        return pixels.copy()
    if width > columns or height > rows:
        return interpolated(pixels, _between(columns, width), _between(rows, height))
    if columns % width or rows % height:
        return _averaged(pixels, width, height)
    if (columns, rows) == (2 * width, 2 * height):
        return halved(pixels)
    down, across = rows // height, columns // width
    blocks = pixels.reshape(height, down, width, across, -1).astype(np.int32).sum(axis=(1, 3), dtype=np.int32)
    return _rounded(blocks.astype(np.float32) * (np.float32(1) / np.float32(down * across)))


def _averaged(pixels: Pixels, width: int, height: int) -> Pixels:
    """Weigh pixels by the part of them that is covered, in float32, columns first."""
    rows, columns = pixels.shape[:2]
    grid = pixels.astype(np.float32)
    for axis, before, after in ((1, columns, width), (0, rows, height)):
        starts, weights = _covered(before, after)
        total: npt.NDArray[np.float32] | None = None
        for tap in range(weights.shape[1]):
            part = np.take(grid, starts + tap, axis=axis, mode="clip")
            part *= weights[:, tap].reshape((-1, 1) if axis else (-1, 1, 1))
            total = part if total is None else np.add(total, part, out=total)
        assert total is not None
        grid = total
    return _rounded(grid)


@lru_cache(64)
def _covered(before: int, after: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """For each pixel of the result the first pixel it covers, and the weights from there on, padded with zeros."""
    scale, _ = scales(before, after)
    starts, rows = np.zeros(after, np.int64), []
    for at in range(after):
        begin = at * scale
        end = begin + scale
        cell = min(scale, before - begin)
        last = min(math.floor(end), before - 1)
        first = min(math.ceil(begin), last)
        row = [1.0 / cell] * (last - first)
        starts[at] = first
        if first - begin > _LEAST:
            row.insert(0, (first - begin) / cell)
            starts[at] = first - 1
        if end - last > _LEAST:
            row.append(min(end - last, 1.0, cell) / cell)
        rows.append(row)
    weights = np.zeros((after, max(map(len, rows))), np.float32)
    for at, row in enumerate(rows):
        weights[at, : len(row)] = row
    starts.flags.writeable = weights.flags.writeable = False
    return starts, weights


def _between(before: int, after: int) -> Lines:
    """The neighbours where one dimension grows: OpenCV then interpolates in both."""
    scale, inverse = scales(before, after)
    at = np.arange(after)
    first = np.floor(at * scale)
    fraction = ((at + 1) - (first + 1) * inverse).astype(np.float32)
    fraction = np.where(fraction <= 0, np.float32(0), fraction - np.floor(fraction))
    return weighted(first.astype(np.int64), fraction)


def _rounded(levels: npt.NDArray[np.float32]) -> Pixels:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
