"""Resize floats as `torch.nn.functional.interpolate` and `tf.image.resize` do it (spec/IMAGE.md §3a).

Positions and weights are computed in float32, as PyTorch does, since their rounding is visible in the result. Sources:
PyTorch, aten/src/ATen/native/UpSample.h and cpu/UpSampleKernel.cpp; TensorFlow, `tf.image.resize` with half-pixel
centres (core/kernels/image/resize_bilinear_op.cc), whose `bilinear` and `nearest` have the same positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FILTERS = {
    "torch": ("nearest", "nearest-exact", "bilinear", "bicubic"),
    "tensorflow": ("nearest", "bilinear"),
}
"""The filters of each library. Those of TensorFlow are `nearest-exact` and `bilinear` of PyTorch."""

SMOOTH = ("bilinear", "bicubic")
"""The filters that can be antialiased, which TensorFlow's are not here."""

_Floats: TypeAlias = npt.NDArray[np.float32]
_F32 = np.float32


@dataclass(frozen=True)
class Interpolation:
    """A rule.

    Attributes:
        library: `torch` or `tensorflow`.
        filter: one of `FILTERS`.
        antialias: whether a smaller picture is filtered with a wider filter.
    """

    library: str
    filter: str
    antialias: bool = False


def interpolated(levels: npt.NDArray[Any], width: int, height: int, rule: Interpolation) -> _Floats:
    """The picture (rows, columns, channels) in float32 with the given size; rows are filtered first."""
    with np.errstate(over="ignore"):
        made: _Floats = levels.astype(np.float32)
    for axis, after in ((1, width), (0, height)):
        before = made.shape[axis]
        if before != after:
            made = _filtered(made, axis, *_weights(before, after, rule))
    return made


def _filtered(levels: _Floats, axis: int, places: npt.NDArray[np.int64], weights: _Floats) -> _Floats:
    """Sums of neighbours along an axis, in float64, rounded once."""
    total: Any = 0.0
    shape = [-1 if at == axis else 1 for at in range(levels.ndim)]
    with np.errstate(all="ignore"):
        for tap in range(weights.shape[1]):
            part = np.take(levels, places[:, tap], axis=axis).astype(np.float64)
            total = total + part * weights[:, tap].astype(np.float64).reshape(shape)
        return np.asarray(total, dtype=np.float32)


def _weights(before: int, after: int, rule: Interpolation) -> tuple[npt.NDArray[np.int64], _Floats]:
    """For each pixel of the result the pixels of the picture (after, taps), and their weights."""
    scale = _F32(before) / _F32(after)
    if rule.antialias:
        return _antialiased(before, after, scale, rule.filter)
    steps = np.arange(after)
    if rule.filter.startswith("nearest"):
        half = 0.0 if (rule.library, rule.filter) == ("torch", "nearest") else 0.5
        places = np.floor(scale * (steps + half).astype(np.float32)).astype(np.int64)
        return np.minimum(places, before - 1)[:, None], np.ones((after, 1), np.float32)
    # The product of two float32 is exact in float64: one rounding, as a fused multiply-add has.
    sources = (np.float64(scale) * (steps + 0.5) - 0.5).astype(np.float32)
    if rule.filter == "bilinear":
        sources = np.maximum(sources, _F32(0))
        first = np.minimum(np.floor(sources).astype(np.int64), before - 1)
        share = np.clip(sources - first.astype(np.float32), _F32(0), _F32(1))
        places = np.stack([first, np.minimum(first + 1, before - 1)], axis=1)
        return places, np.stack([_F32(1) - share, share], axis=1)
    first = np.minimum(np.floor(sources).astype(np.int64), before - 1)
    share = np.clip(sources - first.astype(np.float32), _F32(0), _F32(1))
    places = np.clip(first[:, None] + np.arange(-1, 3), 0, before - 1)
    other = _F32(1) - share
    distances = (share + _F32(1), share, other, other + _F32(1))
    return places, np.stack([_cubic(distance, -0.75) for distance in distances], axis=1)


def _antialiased(before: int, after: int, scale: Any, name: str) -> tuple[npt.NDArray[np.int64], _Floats]:
    """The weights of a filter that is as wide as the pixels of the result."""
    radius = _F32(1 if name == "bilinear" else 2)
    support = radius * max(scale, _F32(1))
    inverse = _F32(1) / scale if scale >= 1 else _F32(1)
    centres = scale * (np.arange(after) + 0.5).astype(np.float32)
    starts = np.maximum((centres - support + _F32(0.5)).astype(np.int64), 0)
    ends = np.minimum((centres + support + _F32(0.5)).astype(np.int64), before)
    taps = np.arange(int((ends - starts).max()))
    places = starts[:, None] + taps
    distances = np.abs((places.astype(np.float32) - centres[:, None] + _F32(0.5)) * inverse)
    values = np.maximum(_F32(1) - distances, _F32(0)) if name == "bilinear" else _cubic(distances, -0.5)
    values[places >= ends[:, None]] = 0
    total = values.sum(axis=1, dtype=np.float32, keepdims=True)
    weights = values / np.where(total == 0, _F32(1), total)
    return np.minimum(places, before - 1), weights.astype(np.float32)


def _cubic(distance: _Floats, a: float) -> _Floats:
    """The cubic convolution of Keys at distances from 0, each product and sum rounded once to float32."""
    x = distance.astype(np.float64)
    near = _rounded(_rounded(_rounded((a + 2) * x - (a + 3)) * x) * x + 1)
    far = _rounded(_rounded(_rounded(a * x - 5 * a) * x + 8 * a) * x - 4 * a)
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0)).astype(np.float32)


def _rounded(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return numbers.astype(np.float32).astype(np.float64)
