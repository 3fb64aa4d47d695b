"""Detect whole and partial rows among the constants of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.packing.privacy.constants import Constant
from sealift.packing.privacy.reference import DOUBLE, SINGLE, Units
from sealift.packing.privacy.single_values import UNLIKELY, Match, poisson_tail
from sealift.stats import SMALL

_Floats = npt.NDArray[np.float64]
_PARTS = 5_000_000
_CELLS = 1 << 20
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
    table = units.filled[:, varying]
    plain = scaled = distinct = None
    for mine, lines, tolerance in _lines(constants, units.values.shape[1]):
        free = 0.0
        if len(lines) <= _FEW:
            found = _equal_few(table, _points(lines, varying), tolerance)
        else:
            plain = plain or _Projected.of(table, scaled=False)
            found = _equal_many(plain, lines, varying, tolerance)
        if not len(found) and len(lines) > _FEW:
            scaled = scaled or _Projected.of(table, scaled=True)
            found = _equal_many(scaled, lines, varying, tolerance)
            free = 1.0
        if not len(found) or (free and len(found) < 2):
            continue
        # As many pairs by chance, if every column's values were drawn by themselves.
        if distinct is None:
            distinct = np.log10([len(np.unique(column)) for column in table.T])
        mean = float(len(units.values)) * len(lines) * 10.0 ** (free * distinct.max() - distinct.sum())
        if poisson_tail(len(found), mean) < UNLIKELY:
            rows.update(found.tolist())
            owners.update(mine)
    return rows, owners


def _points(lines: npt.NDArray[Any], columns: npt.NDArray[np.int64]) -> _Floats:
    """Some columns of lines, with 0 where a number is not finite."""
    return np.nan_to_num(lines[:, columns].astype(np.float64), posinf=0.0, neginf=0.0)


def _equal_many(
    projected: _Projected, lines: npt.NDArray[Any], columns: npt.NDArray[np.int64], tolerance: float
) -> npt.NDArray[np.int64]:
    """`equal` of many points, some at a time because of the memory."""
    size = max(1, _CELLS // len(columns))
    starts = range(0, len(lines), size)
    return np.concatenate(
        [projected.equal(_points(lines[start : start + size], columns), tolerance) for start in starts]
    )


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
            seen = set()
            for lines in (array, array.T, _varying(array), _varying(array.T)):
                if lines.shape[1] == width and (key := (lines.shape, lines.strides)) not in seen:
                    seen.add(key)
                    yield [i], lines, tolerance
        elif array.shape[-1:] == (width,) or (array.ndim == 1 and array.size % width == 0):
            yield [i], array.reshape(-1, width), tolerance
    for group in vectors.values():
        if width <= len(group) <= 4 * width:
            for start in range(len(group) - width + 1):
                chosen = group[start : start + width]
                yield chosen, np.column_stack([constants[i].stored.reshape(-1) for i in chosen]), DOUBLE


def _varying(lines: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The columns that do not hold one number throughout."""
    keep = (lines != lines[:1]).any(axis=0)
    return lines if keep.all() else lines[:, keep]


def _equal_few(table: _Floats, points: _Floats, tolerance: float) -> npt.NDArray[np.int64]:
    """The rows (n,) that equal a point, for each point that fewer than SMALL rows equal."""
    found = [np.zeros(0, dtype=np.int64)]
    for point in points:
        rows = np.flatnonzero(np.abs(table[:, 0] - point[0]) <= tolerance * abs(point[0]))
        rows = rows[(np.abs(table[rows] - point) <= tolerance * np.abs(point)).all(axis=1)]
        if len(rows) < SMALL and point.any():
            found.append(rows)
    return np.concatenate(found)


@dataclass(frozen=True)
class _Projected:
    """Rows in the order of a random projection, which brings equal ones together.

    Attributes:
        rows: the rows, each column over its spread; of length 1 if scaled.
        spread: the spreads.
        key: the projections, ascending.
        order: the row of each of them.
        scaled: whether rows that are multiples of each other are equal.
    """

    rows: _Floats
    spread: _Floats
    key: _Floats
    order: npt.NDArray[np.int64]
    scaled: bool

    @classmethod
    def of(cls, table: _Floats, *, scaled: bool) -> _Projected:
        """Project a table (N, k)."""
        spread = table.std(axis=0)
        spread[spread == 0] = 1.0
        rows = _directions(table / spread) if scaled else table / spread
        key = rows @ _weights(rows)
        order = np.argsort(key, kind="stable")
        return cls(rows, spread, key[order], order, scaled)

    def equal(self, points: _Floats, tolerance: float) -> npt.NDArray[np.int64]:
        """The rows (n,) that equal a point, for each point that fewer than SMALL rows equal."""
        wanted = points[(points != 0).any(axis=1)] / self.spread
        wanted = _directions(wanted) if self.scaled else wanted
        weights = _weights(wanted)
        middle, reach = wanted @ weights, 8 * tolerance * (np.abs(wanted) @ weights)
        first = np.searchsorted(self.key, middle - reach)
        count = np.searchsorted(self.key, middle + reach, side="right") - first
        found = []
        for k in range(SMALL - 1):
            has = np.flatnonzero((count > k) & (count < SMALL))
            row = self.order[first[has] + k]
            gap = np.abs(self.rows[row] - wanted[has])
            same = (gap <= 4 * tolerance * (np.abs(wanted[has]) + 1e-6)).all(axis=1)
            found.append(row[same])
        return np.concatenate(found)


def _weights(rows: _Floats) -> _Floats:
    return np.asarray(np.random.Generator(np.random.PCG64(5)).uniform(1.0, 2.0, (rows.shape[1],)))


def _directions(rows: _Floats) -> _Floats:
    """Rows of length 1, of which the opposite ones are equal too."""
    length = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    unit = rows / np.where(length == 0, 1.0, length)
    weights = np.random.Generator(np.random.PCG64(6)).uniform(1.0, 2.0, rows.shape[1])
    sign = np.where(unit @ weights < 0, -1.0, 1.0)
    return np.asarray(unit * sign[:, np.newaxis], dtype=np.float64)


def partial_rows(
    units: Units, constants: Sequence[Constant], held: Sequence[Match], rows: set[int]
) -> dict[int, tuple[int, int]]:
    """For each row that has two or more single values in one line of a constant: how many, and in which constant.

    Args:
        units: the rows.
        constants: the constants.
        held: the matches of single values of these rows.
        rows: rows that are contained whole, which are skipped.
    """
    best: dict[int, tuple[int, int]] = {}
    for owner in {match.owner for match in held}:
        shape = constants[owner].stored.squeeze().shape
        mine = [match for match in held if match.owner == owner]
        if len(shape) != 2 or constants[owner].role != "number" or len({match.column for match in mine}) < 2:
            continue
        for axis in (0, 1):
            for row, count in _together(units, constants[owner], mine, shape, axis):
                if row not in rows and (row not in best or count > best[row][0]):
                    best[row] = count, owner
    return best


def _together(
    units: Units, constant: Constant, held: Sequence[Match], shape: tuple[int, ...], axis: int
) -> Iterator[tuple[int, int]]:
    """Rows that have several of their values in one line along the axis, and how many, unless chance explains it."""
    tolerance = SINGLE if constant.single else DOUBLE
    parts = []
    for match in held:
        column = units.columns[match.column]
        line = np.unravel_index(match.places, shape)[1 - axis]
        # By chance, a line holds a given value with this probability.
        logarithm = np.log10(min(1.0, shape[axis] / column.cells(tolerance)))
        rows = column.rows[match.at]
        width = rows.shape[1]
        flat = np.column_stack([np.repeat(line, width), rows.reshape(-1)])
        flat = np.unique(flat[flat[:, 1] >= 0], axis=0)
        parts.append(np.column_stack([flat, np.full(len(flat), match.column), np.full(len(flat), logarithm)]))
        if sum(map(len, parts)) > _PARTS:
            break
    every = np.concatenate(parts)
    pairs, inverse, count = np.unique(every[:, :2], axis=0, return_inverse=True, return_counts=True)
    unlikely = np.bincount(inverse.ravel(), weights=every[:, 3])
    lines, rows_given = shape[1 - axis], len(units.values)
    good = (count > 1) & (np.log10(float(lines) * rows_given) + unlikely < np.log10(UNLIKELY))
    for (_, row), votes in zip(pairs[good].astype(np.int64).tolist(), count[good].tolist(), strict=True):
        yield row, votes
