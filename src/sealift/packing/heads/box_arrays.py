"""The arithmetic of `Boxes` with NumPy, for the original's output."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.packing.heads.box_options import BoxOptions
from sealift.packing.heads.classes import activate

Array = npt.NDArray[np.float64]


def corners(boxes: Array, form: str) -> Array:
    """The corners x0, y0, x1, y1 of boxes (…, 4)."""
    a, b, c, d = (boxes[..., i] for i in range(4))
    if form == "xyxy":
        return boxes
    if form == "xywh":
        return np.stack([a, b, a + c, b + d], axis=-1)
    return np.stack([a - c / 2, b - d / 2, a + c / 2, b + d / 2], axis=-1)


def activated(scores: Array, objectness: Array | None, options: BoxOptions) -> Array:
    """The scores of the classes (N, K, C)."""
    scores = activate(scores, options.activation, 1.0)
    if objectness is not None:
        scores = scores * activate(objectness, options.activation, 1.0)
    if options.background is None:
        return scores
    return scores[..., 1:] if options.background == "first" else scores[..., :-1]


def best(boxes: Array, scores: Array, options: BoxOptions, quantum: float) -> Array:
    """The boxes of one row that are kept, (at most maximum, 6), the best first."""
    candidates = [
        (-np.floor(scores[k, c] / quantum + 0.5), 0 if options.class_agnostic else c, k, c)
        for k in range(len(boxes))
        for c in (range(scores.shape[1]) if options.multi_label else [int(scores[k].argmax())])
        if scores[k, c] > options.score_threshold and np.isfinite(boxes[k]).all()
    ]
    kept: list[Any] = []
    for _, group, k, c in sorted(candidates):
        if len(kept) == options.maximum and options.iou_threshold is None:
            break
        limit = options.iou_threshold
        if limit is None or all(other != group or _iou(boxes[k], box[:4]) <= limit for box, other in kept):
            kept.append(([*boxes[k], scores[k, c], float(c)], group))
        if len(kept) == options.maximum:
            break
    return np.array([box for box, _ in kept], dtype=np.float64).reshape(-1, 6)


def in_the_original(boxes: Array, geometry: Array) -> Array:
    """Corners in pixels of the original picture, within the picture."""
    height, width, scale_y, scale_x, offset_y, offset_x = geometry
    moved = (boxes - [offset_x, offset_y, offset_x, offset_y]) / [scale_x, scale_y, scale_x, scale_y]
    return np.asarray(np.clip(moved, 0.0, [width, height, width, height]))


def _iou(one: Any, two: Any) -> float:
    """Intersection over union; the order of two corners does not matter."""
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = (
        (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3])) for b in (one, two)
    )
    inner = max(0.0, min(ax1, bx1) - max(ax0, bx0)) * max(0.0, min(ay1, by1) - max(ay0, by0))
    areas = (ax1 - ax0) * (ay1 - ay0), (bx1 - bx0) * (by1 - by0)
    return inner / (sum(areas) - inner) if min(areas) > 0 else 0.0
