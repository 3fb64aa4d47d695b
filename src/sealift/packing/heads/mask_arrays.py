"""The arithmetic of `Mask` with NumPy, for the original's output (spec/MASK.md §2)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.mask_cells import STEPS
from sealift.packing.heads.classes import activate
from sealift.packing.heads.mask_options import MaskOptions

Array = npt.NDArray[np.float64]


def cells(raw: npt.NDArray[Any], options: MaskOptions) -> Array:
    """The cells of one mask, (h · w,), from one output (…)."""
    wide = np.asarray(raw, dtype=np.float64)
    if options.indices:
        inside = (wide >= 0) & (wide < options.classes)
        return np.asarray(np.where(inside, STEPS * wide + STEPS - 1, -1.0).reshape(-1))
    if wide.ndim == 2:
        wide = wide[None]
    elif options.last:
        wide = wide.transpose(2, 0, 1)
    if options.resized:
        wide = resized(wide, options.size)
    if options.single:
        score = activate(wide[0], options.activation, 1.0)
        return _joined(score > options.threshold, np.abs(score - options.threshold), wide[0])
    total = wide.sum(axis=0)
    classes = wide.argmax(axis=0)
    best = np.take_along_axis(wide, classes[None], axis=0)[0]
    others = wide.copy()
    np.put_along_axis(others, classes[None], -np.inf, axis=0)
    second = others.max(axis=0)
    if options.activation == "softmax":
        whole = np.exp(wide - best).sum(axis=0)
        return _joined(classes, (1.0 - np.exp(second - best)) / whole, total)
    return _joined(classes, activate(best, options.activation, 1.0) - activate(second, options.activation, 1.0), total)


def header(geometry: Array | None, size: tuple[int, int]) -> Array:
    """The numbers before the cells, (12,), from the geometry of a picture (8,)."""
    height, width = size
    if geometry is None:
        return np.array([height, width, 1, 1, 0, 0, height, width, 0, 0, 0, 0], dtype=np.float64)
    exact = geometry[2:6] * (np.array([height, width] * 2) / geometry[[6, 7, 6, 7]])
    rounded = exact.astype(np.float32).astype(np.float64)
    rest = (exact - rounded).astype(np.float32)
    grid = geometry[:2] * 0.0 + [height, width]
    return np.concatenate([geometry[:2], rounded, grid, rest])


def resized(scores: Array, size: tuple[int, int]) -> Array:
    """Scores (C, h, w), bilinear, with the centres of pixels aligned."""
    for axis, wanted in zip((1, 2), size, strict=True):
        given = scores.shape[axis]
        at = np.clip((np.arange(wanted) + 0.5) * (given / wanted) - 0.5, 0, given - 1)
        low = np.minimum(np.floor(at).astype(int), max(given - 2, 0))
        high = np.minimum(low + 1, given - 1)
        share = (at - low).reshape([-1 if i == axis else 1 for i in range(3)])
        scores = scores.take(low, axis) * (1 - share) + scores.take(high, axis) * share
    return scores


def _joined(classes: npt.NDArray[Any], margins: Array, total: Array) -> Array:
    """The cells; no class where a score or the margin is NaN."""
    steps = np.clip(np.floor(margins * STEPS), 0, STEPS - 1)
    whole = STEPS * classes.astype(np.float64) + steps
    return np.asarray(np.where(np.isnan(total + margins), -1.0, whole).reshape(-1))
