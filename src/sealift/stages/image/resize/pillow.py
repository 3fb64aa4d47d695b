"""Resize as `PIL.Image.Image.resize` does it (spec/IMAGE.md §2)."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from sealift.stages.image.resize.filters import taps
from sealift.stages.image.resize.rule import Pixels, ResizeRule

_Number = TypeVar("_Number", np.int32, np.float64)

_BITS = 22
"""The fractional bits of a coefficient."""


def resized(pixels: Pixels, width: int, height: int, rule: ResizeRule) -> Pixels:
    """The image with `width` columns and `height` rows. The shape and dtype of `pixels` must be permitted."""
    rows, columns = pixels.shape[:2]
    if (columns, rows) == (width, height):
        return pixels.copy()
    if rule.filter == "nearest":
        positions = _nearest_16 if pixels.dtype == np.uint16 else _nearest_8
        return pixels[positions(rows, height)[:, None], positions(columns, width)]
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        return _divided(_filtered(_premultiplied(pixels), width, height, rule))
    return _filtered(pixels, width, height, rule)


def _nearest_8(before: int, after: int) -> npt.NDArray[np.int64]:
    """For each pixel of the result the pixel that it copies; positions accumulate, with their rounding errors."""
    scale = before / after
    steps = np.full(after, scale)
    steps[0] = scale * 0.5
    return np.add.accumulate(steps).astype(np.int64)


def _nearest_16(before: int, after: int) -> npt.NDArray[np.int64]:
    """The same for uint16, where each position is one product."""
    return ((before / after) * (np.arange(after) + 0.5)).astype(np.int64)


def vertical_first(before: tuple[int, int], after: tuple[int, int], passes: str) -> bool:
    """Whether columns are filtered before rows; sizes are (width, height)."""
    narrower, lower = before[0] - after[0], before[1] - after[1]
    return passes == "by-size" and lower > 0 and lower > 2 * narrower


def _filtered(pixels: Pixels, width: int, height: int, rule: ResizeRule) -> Pixels:
    rows, columns = pixels.shape[:2]
    axes = [axis for axis, same in ((1, columns == width), (0, rows == height)) if not same]
    if vertical_first((columns, rows), (width, height), rule.passes):
        axes.reverse()
    one_pass = _pass_16 if pixels.dtype == np.uint16 else _pass_8
    for axis in axes:
        pixels = one_pass(pixels, axis, width if axis else height, rule.filter)
    return pixels


def _pass_8(pixels: Pixels, axis: int, after: int, name: str) -> Pixels:
    """Filter one dimension of uint8, in integers of 32 bits."""
    axis_taps = taps(pixels.shape[axis], after, name)
    scaled = axis_taps.weights * (1 << _BITS)
    weights = np.where(scaled < 0, scaled - 0.5, scaled + 0.5).astype(np.int32)
    total: npt.NDArray[np.int32] | None = None
    for tap in range(weights.shape[1]):
        part = _taken(pixels, axis, axis_taps.starts + tap).astype(np.int32)
        part *= _along(weights[:, tap], axis, pixels.ndim)
        total = part if total is None else np.add(total, part, out=total)
    assert total is not None
    total += 1 << (_BITS - 1)
    levels: Pixels = np.clip(total >> _BITS, 0, 255).astype(np.uint8)
    return levels


def _pass_16(pixels: Pixels, axis: int, after: int, name: str) -> Pixels:
    """Filter one dimension of uint16, in float64."""
    axis_taps = taps(pixels.shape[axis], after, name)
    total = np.zeros([after if at == axis else n for at, n in enumerate(pixels.shape)])
    for tap in range(axis_taps.weights.shape[1]):
        total += _taken(pixels, axis, axis_taps.starts + tap) * _along(axis_taps.weights[:, tap], axis, pixels.ndim)
    rounded = np.where(total >= 0.0, total + 0.5, total - 0.5).astype(np.int64)
    return np.clip(rounded, 0, 65535).astype(np.uint16)


def _taken(pixels: Pixels, axis: int, indices: npt.NDArray[np.int64]) -> Pixels:
    """Pixels by index; beyond the end any pixel will do, because its weight is zero."""
    return np.take(pixels, indices, axis=axis, mode="clip")


def _along(weights: npt.NDArray[_Number], axis: int, ndim: int) -> npt.NDArray[_Number]:
    return weights.reshape([-1 if at == axis else 1 for at in range(ndim)])


def _premultiplied(pixels: Pixels) -> Pixels:
    alpha = pixels[..., -1:].astype(np.int32)
    product = pixels[..., :-1] * alpha + 128
    return np.concatenate([((product >> 8) + product >> 8).astype(np.uint8), pixels[..., -1:]], axis=2)


def _divided(pixels: Pixels) -> Pixels:
    alpha = pixels[..., -1:].astype(np.int32)
    colours = pixels[..., :-1].astype(np.int32)
    divided = np.minimum(255 * colours // np.maximum(alpha, 1), 255)
    kept = (alpha == 0) | (alpha == 255)
    return np.concatenate([np.where(kept, colours, divided).astype(np.uint8), pixels[..., -1:]], axis=2)
