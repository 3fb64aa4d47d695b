"""Detect whole rows among the constants of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.packing.privacy.chance import UNLIKELY, poisson_tail
from sealift.packing.privacy.constants import Constant
from sealift.packing.privacy.reference import DOUBLE, SINGLE, Units
from sealift.packing.privacy.rows_by_value import RowsByValue
from sealift.packing.privacy.sieve import points
from sealift.stats import SMALL

_Floats = npt.NDArray[np.float64]
_MOST_LINES = 1 << 14  # at a time
_FEW = 4  # points that are compared one by one; too few to show a common factor


def whole_rows(units: Units, constants: Sequence[Constant]) -> tuple[set[int], set[int]]:
    """The rows that a constant contains with all their columns, and the indices of those constants.

    A constant holds rows along its last axis, along its first one, or one of equally long vectors for each column; as
    they are, or scaled: by one factor, or each to a length of its own. A row that at least SMALL rows
    equal identifies no one.
    """
    rows: set[int] = set()
    owners: set[int] = set()
    varying = units.varying
    if len(varying) < 2:
        return rows, owners
    every = _lines(constants, units.values.shape[1])
    if (first := next(every, None)) is None:
        return rows, owners  # without the copy of the rows below
    table = units.filled if len(varying) == units.filled.shape[1] else units.filled[:, varying]
    plain, scaled = RowsByValue(table, scaled=False), RowsByValue(table, scaled=True)
    distinct = None
    for mine, lines, tolerance in chain([first], every):
        free = 0.0
        if len(lines) <= _FEW:
            equal = _equal_few(table, points(lines, varying), tolerance)
        else:
            equal = plain.equal(lines, varying, tolerance)
        if not len(equal) and len(lines) > _FEW:
            equal = scaled.equal(lines, varying, tolerance)
            free = 1.0
        if not len(equal) or (free and len(equal) < 2):
            continue
        # As many pairs by chance, if every column's values were drawn by themselves.
        if distinct is None:
            distinct = np.log10([len(np.unique(column)) for column in table.T])
        mean = float(len(units.values)) * len(lines) * 10.0 ** (free * distinct.max() - distinct.sum())
        if poisson_tail(len(equal), mean) < UNLIKELY:
            rows.update(equal.tolist())
            owners.update(mine)
    return rows, owners


def _lines(constants: Sequence[Constant], width: int) -> Iterator[tuple[list[int], npt.NDArray[Any], float]]:
    """Matrices with `width` columns made of constants, with the constants that they are of."""
    vectors: dict[int, list[int]] = {}
    for i, constant in enumerate(constants):
        array = constant.stored.squeeze()
        if constant.role == "threshold":
            continue
        if array.ndim == 1:
            vectors.setdefault(array.size, []).append(i)
        if array.size < width:
            continue
        tolerance = SINGLE if constant.single else DOUBLE
        if array.ndim == 2:
            for lines in (array, array.T):
                columns = _varying(lines) if lines.shape[1] > width else np.arange(lines.shape[1])
                if len(columns) == width:
                    yield [i], lines if lines.shape[1] == width else lines[:, columns], tolerance
        elif array.shape[-1:] == (width,) or (array.ndim == 1 and array.size % width == 0):
            yield [i], array.reshape(-1, width), tolerance
    for group in vectors.values():
        if width <= len(group) <= 4 * width:
            for start in range(len(group) - width + 1):
                chosen = group[start : start + width]
                yield chosen, np.column_stack([constants[i].stored.reshape(-1) for i in chosen]), DOUBLE


def _varying(lines: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """The columns that do not hold one number throughout."""
    constant = np.arange(lines.shape[1])
    start, size = 0, 16
    while start < len(lines) and len(constant):  # nearly always only the first lines are read
        constant = constant[(lines[start : start + size, constant] == lines[0, constant]).all(axis=0)]
        start, size = start + size, min(2 * size, _MOST_LINES)
    return np.setdiff1d(np.arange(lines.shape[1]), constant)


def _equal_few(table: _Floats, points: _Floats, tolerance: float) -> npt.NDArray[np.int64]:
    """The rows (n,) that equal a point, for each point that fewer than SMALL rows equal."""
    equal = [np.zeros(0, dtype=np.int64)]
    for point in points:
        rows = np.flatnonzero(np.abs(table[:, 0] - point[0]) <= tolerance * abs(point[0]))
        rows = rows[(np.abs(table[rows] - point) <= tolerance * np.abs(point)).all(axis=1)]
        if len(rows) < SMALL and point.any():
            equal.append(rows)
    return np.concatenate(equal)
