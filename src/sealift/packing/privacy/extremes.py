"""Detect extremes of columns among the constants of a graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sealift.packing.privacy.constants import Constant
from sealift.packing.privacy.reference import DOUBLE, Units, Values
from sealift.stats import SMALL

_EXTREME = 0.05
_VECTORS = 12


def extremes(units: Units, constants: Sequence[Constant]) -> list[int]:
    """The columns whose minimum or maximum, which fewer than SMALL rows have, can be read from a vector.

    A vector with one number for each column contains it unchanged; two vectors that scale and shift reveal it where
    they map it to 0, 1 or −1.
    """
    width = units.values.shape[1]
    vectors = [
        c.values.reshape(-1) for c in constants if c.role == "number" and c.stored.size == width and c.stored.ndim <= 2
    ][:_VECTORS]
    if not vectors:
        return []
    low, high = units.extent
    ends = np.stack([low, high])
    as_it_is, sent = np.zeros((2, width), dtype=np.bool_), np.zeros((2, width), dtype=np.bool_)
    for a in vectors:
        as_it_is |= _same(np.abs(a), np.abs(ends))
        whole = (a == np.round(a)) | ~np.isfinite(a)
        with np.errstate(all="ignore"):
            sent |= _same(1 / a, np.abs(ends)) & ~whole
            for b in vectors:
                for target in (0.0, 1.0, -1.0):
                    sent |= _same((target - b) / a, ends) & ~whole & (b is not a)
    columns = []
    for index in np.flatnonzero((as_it_is | sent).any(axis=0)).tolist():
        column = units.columns[index]
        coarse = 2 / column.cells(DOUBLE) >= _EXTREME
        rare = np.array([_is_rare(column, column.low), _is_rare(column, column.high)])
        if (rare & (sent[:, index] | (as_it_is[:, index] & (not coarse)))).any():
            columns.append(index)
    return columns


def _is_rare(column: Values, value: float) -> bool:
    i = int(np.searchsorted(column.rare, value))
    return i < len(column.rare) and column.distinct > SMALL and bool(column.rare[i] == value)


def _same(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    return np.asarray((np.abs(a - b) <= DOUBLE * np.abs(b)) & (b != 0))
