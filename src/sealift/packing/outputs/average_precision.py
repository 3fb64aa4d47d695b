"""Average precision of boxes by the definition of COCO (https://cocodataset.org/#detection-eval, pycocotools.cocoeval).

For each class and each of the thresholds 0.50, 0.55, …, 0.95 of the intersection over union, the boxes of a picture are
matched in descending order of their scores, each with the free true box that it overlaps most, if by at least the
threshold. Precision is made non-increasing in recall and read at the recalls 0, 0.01, …, 1; the average precision is
the mean over recalls, classes that occur, and thresholds. At most 100 boxes of a picture and a class count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

THRESHOLDS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0.0, 1.0, 101)
_MOST = 100


class AveragePrecision(NamedTuple):
    """The mean over all thresholds, and that at 0.5; NaN where there is no true box."""

    all: float
    at_50: float


def average_precision(detected: Sequence[Array], scores: Sequence[Array], true: Sequence[Array]) -> AveragePrecision:
    """The average precision.

    Args:
        found: for each picture the boxes with their class, (k, 5): x0, y0, x1, y1 and the index of the class.
        scores: their scores, (k,).
        true: for each picture the true boxes, (m, 5).
    """
    classes = sorted({int(index) for boxes in true for index in boxes[:, 4]})
    if not classes:
        return AveragePrecision(float("nan"), float("nan"))
    each = np.array([_of_class(index, detected, scores, true) for index in classes])  # (classes, thresholds)
    return AveragePrecision(float(each.mean()), float(each[:, 0].mean()))


def _of_class(index: int, detected: Sequence[Array], scores: Sequence[Array], true: Sequence[Array]) -> Array:
    """The average precision of one class at each threshold."""
    ranks: list[Array] = []
    hits: list[npt.NDArray[np.bool_]] = []
    count = 0
    for boxes, own, wanted in zip(detected, scores, true, strict=True):
        mine = np.flatnonzero(boxes[:, 4] == index)
        order = mine[np.argsort(-own[mine], kind="stable")][:_MOST]
        theirs = wanted[wanted[:, 4] == index, :4]
        count += len(theirs)
        ranks.append(own[order])
        hits.append(_matched(boxes[order, :4], theirs))
    order = np.argsort(-np.concatenate(ranks), kind="stable")
    matched = np.concatenate(hits, axis=1)[:, order]
    return np.array([_area(row, count) for row in matched])


def _matched(boxes: Array, true: Array) -> npt.NDArray[np.bool_]:
    """Which boxes, the best first, match a true box at each threshold, (thresholds, k)."""
    overlaps = _overlaps(boxes, true)
    matched = np.zeros((len(THRESHOLDS), len(boxes)), dtype=np.bool_)
    for at, threshold in enumerate(THRESHOLDS):
        free = np.ones(len(true), dtype=np.bool_)
        for i in range(len(boxes)):
            possible = np.where(free, overlaps[i], -1.0)
            if len(true) and possible.max() >= min(threshold, 1 - 1e-10):
                best = len(true) - 1 - int(possible[::-1].argmax())  # of equal ones the last, as in pycocotools
                free[best] = False
                matched[at, i] = True
    return matched


def _area(matched: npt.NDArray[np.bool_], count: int) -> float:
    """The mean precision at the recalls, of boxes in descending order of their scores."""
    if not len(matched):
        return 0.0
    hits = np.cumsum(matched)
    precision = hits / np.arange(1, len(matched) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(hits / count, _RECALLS, side="left")
    return float(np.where(places < len(precision), precision[np.minimum(places, len(precision) - 1)], 0.0).mean())


def _overlaps(boxes: Array, true: Array) -> Array:
    """The intersection over union of each box with each true box, (k, m)."""
    low = np.maximum(boxes[:, None, :2], true[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], true[None, :, 2:])
    inner = (high - low).clip(0).prod(axis=2)
    areas = [(each[:, 2:4] - each[:, :2]).prod(axis=1) for each in (boxes, true)]
    union = areas[0][:, None] + areas[1][None] - inner
    return np.asarray(np.where(union > 0, inner / np.where(union > 0, union, 1), 0.0))
