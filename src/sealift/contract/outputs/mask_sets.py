"""Compare two masks cell by cell (spec/MASK.md §4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from sealift.contract.outputs.mask_cells import HEADER, STEPS

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt

_PLACE = 1e-6


class Cells(NamedTuple):
    """The classes (h · w,) and the margins in steps (h · w,) of a mask; both −1 for no class."""

    classes: npt.NDArray[np.float64]
    margins: npt.NDArray[np.float64]


def cells(row: npt.NDArray[Any]) -> Cells:
    """The cells of a row (12 + h · w,)."""
    import numpy as np

    values = np.asarray(row[HEADER:], dtype=np.float64)
    with np.errstate(invalid="ignore"):
        classes = np.where(values >= 0, np.floor(values / STEPS), -1.0)
        return Cells(classes, np.where(values >= 0, values - STEPS * classes, -1.0))


def agree(got: npt.NDArray[Any], expected: npt.NDArray[Any], margin: float) -> tuple[bool, float]:
    """Whether two rows have the same mask, and the largest difference of the margins of cells of the same class.

    Args:
        got, expected: the rows.
        margin: by how much a score may differ.
    """
    import numpy as np

    head, wanted = (np.asarray(row[:HEADER], dtype=np.float64) for row in (got, expected))
    missing = bool(np.isnan(wanted[0]))
    if missing or np.isnan(head[0]):
        return missing and bool(np.isnan(head[0])), 0.0
    if not (np.abs(head - wanted) <= _PLACE).all() or not np.isfinite(got).all():
        return False, math.inf
    mine, theirs = cells(got), cells(expected)
    alike = mine.classes == theirs.classes
    away = np.abs(mine.margins - theirs.margins)[alike]
    worst = float(away.max(initial=0.0)) / STEPS
    most = 2 + 2 * margin * STEPS
    tied = (np.maximum(mine.margins, theirs.margins) <= most) & (np.minimum(mine.classes, theirs.classes) >= 0)
    return bool((alike | tied).all()) and worst <= 1 / STEPS + 2 * margin, worst


def least_iou(got: npt.NDArray[Any], expected: npt.NDArray[Any]) -> float:
    """The least intersection over union of a class of two rows, among their cells; 1 where no cell has a class."""
    import numpy as np

    mine, theirs = cells(got).classes, cells(expected).classes
    present = [float(value) for value in np.union1d(mine, theirs) if value >= 0]
    shares = [
        ((mine == value) & (theirs == value)).sum() / ((mine == value) | (theirs == value)).sum() for value in present
    ]
    return float(min(shares, default=1.0))
