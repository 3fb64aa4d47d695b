"""Compare two sets of boxes by class, score and intersection over union (spec/CONTRACT.md §1a)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

SIZE = 6
"""Numbers of a box: its corners, its score and the index of its class."""

QUANTUM = 2.0**-12
"""Scores are rounded to multiples of it before they are ordered."""

SAME = 0.99
"""The intersection over union from which two boxes are the same."""

_OVERLAP = 0.1
_PIXEL = 0.01


def iou(one: Sequence[float], two: Sequence[float]) -> float:
    """Intersection over union of two boxes; 1 where all corners are equal within a hundredth of a pixel."""
    if all(abs(a - b) <= _PIXEL for a, b in zip(one[:4], two[:4], strict=True)):
        return 1.0
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    inner = max(width, 0.0) * max(height, 0.0)
    whole = (one[2] - one[0]) * (one[3] - one[1]) + (two[2] - two[0]) * (two[3] - two[1]) - inner
    return inner / whole if whole > 0 else 0.0


def agree(got: Any, expected: Any, margin: float, limit: float) -> tuple[bool, float]:
    """Whether two rows (maximum, 6) have the same boxes, and the largest difference of scores.

    Args:
        got, expected: the boxes; those of the class -1 are none.
        margin: by how much a score may differ.
        limit: the score above which a box counts.
    """
    mine, theirs = ([box for box in rows.tolist() if box[5] >= 0] for rows in (got, expected))
    if not all(math.isfinite(value) for box in mine for value in box):
        return False, math.inf
    worst = 0.0
    close = 2 * margin + QUANTUM
    # The same boxes first; then those where another one of several overlapping boxes with equal scores was kept.
    for least, allowed in ((SAME, margin), (_OVERLAP, close)):
        rest = []
        for box in theirs:
            place = _match(box, mine, least, allowed)
            if place is None:
                rest.append(box)
            else:
                worst = max(worst, abs(mine[place][4] - box[4]))
                del mine[place]
        theirs = rest
    # A box may be missing if its score is at the limit, or the lowest of the other row, which is full.
    for left, rows in ((mine, expected), (theirs, got)):
        bounds = [limit, *([min(rows[:, 4].tolist())] if (rows[:, 5] >= 0).all() else [])]
        if not all(any(abs(box[4] - bound) <= close for bound in bounds) for box in left):
            return False, worst
    return True, worst


def _match(box: Sequence[float], others: Sequence[Sequence[float]], least: float, allowed: float) -> int | None:
    """The first of the boxes of the same class and score with the largest overlap; None if it is below `least`."""
    best, place = 0.0, None
    for at, other in enumerate(others):
        if other[5] == box[5] and abs(other[4] - box[4]) <= allowed:
            overlap = iou(box, other)
            if overlap > best and overlap >= least:
                best, place = overlap, at
                if overlap == 1.0:
                    break
    return place
