"""The coefficients of Pillow's filters, for one dimension (spec/IMAGE.md §2.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Pillow writes the constants of the Hamming window as float32: 0.54 as a float64 gives other coefficients.
_OFFSET, _AMPLITUDE = float(np.float32(0.54)), float(np.float32(0.46))


@dataclass(frozen=True)
class Taps:
    """For each pixel of the result: the first pixel that it is computed from, and the weights from there on.

    `weights` is result × taps, of float64; a row that needs fewer taps ends with zeros, and its `counts` is smaller.
    """

    starts: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    weights: Floats


def _box(x: Floats) -> Floats:
    return np.where((x > -0.5) & (x <= 0.5), 1.0, 0.0)


def _bilinear(x: Floats) -> Floats:
    x = np.abs(x)
    return np.where(x < 1.0, 1.0 - x, 0.0)


def _hamming(x: Floats) -> Floats:
    x = np.abs(x)
    angle = np.where(x == 0.0, 1.0, x) * np.pi
    window = np.sin(angle) / angle * (_OFFSET + _AMPLITUDE * np.cos(angle))
    return np.where(x == 0.0, 1.0, np.where(x >= 1.0, 0.0, window))


def _bicubic(x: Floats) -> Floats:
    x = np.abs(x)
    inner = (1.5 * x - 2.5) * x * x + 1.0
    outer = (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5
    return np.where(x < 1.0, inner, np.where(x < 2.0, outer, 0.0))


def _sinc(x: Floats) -> Floats:
    angle = np.where(x == 0.0, 1.0, x) * np.pi
    return np.where(x == 0.0, 1.0, np.sin(angle) / angle)


def _lanczos(x: Floats) -> Floats:
    return np.where((x >= -3.0) & (x < 3.0), _sinc(x) * _sinc(x / 3.0), 0.0)


_SHAPES: dict[str, tuple[Callable[[Floats], Floats], float]] = {
    "box": (_box, 0.5),
    "bilinear": (_bilinear, 1.0),
    "hamming": (_hamming, 1.0),
    "bicubic": (_bicubic, 2.0),
    "lanczos": (_lanczos, 3.0),
}


@lru_cache(64)
def taps(before: int, after: int, name: str) -> Taps:
    """The taps that resize `before` pixels to `after` with the filter `name`."""
    shape, radius = _SHAPES[name]
    scale = before / after
    stretch = max(scale, 1.0)
    support = radius * stretch
    centre = (np.arange(after) + 0.5) * scale
    starts = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    counts = np.minimum((centre + support + 0.5).astype(np.int64), before) - starts
    offsets = np.arange(int(counts.max()))
    weights = shape(((offsets[None, :] + starts[:, None]) - centre[:, None] + 0.5) * (1.0 / stretch))
    weights[offsets[None, :] >= counts[:, None]] = 0.0
    # A running sum, because the order of additions matters and that of np.sum is not specified.
    total = np.add.accumulate(weights, axis=1)[:, -1:]
    weights = np.where(total != 0.0, weights / np.where(total == 0.0, 1.0, total), weights)
    for part in (starts, counts, weights):
        part.flags.writeable = False
    return Taps(starts, counts, weights)
