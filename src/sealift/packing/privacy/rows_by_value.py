"""Rows in an order that brings equal ones together, and which lines of a matrix equal one of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.packing.privacy.sieve import Sieve, points
from sealift.stats import SMALL

_CELLS = 1 << 20
_Floats = npt.NDArray[np.float64]
_Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RowsByValue:
    """Rows that lines are compared with.

    Attributes:
        table: the rows (N, k).
        scaled: whether rows that are multiples of each other are equal.
    """

    table: _Floats
    scaled: bool

    def equal(self, lines: npt.NDArray[Any], columns: _Indices, tolerance: float) -> _Indices:
        """The rows (n,) that equal a line, for each line that fewer than SMALL rows equal.

        Args:
            lines: lines of numbers (L, width).
            columns: which of their columns are those of the rows (k,).
            tolerance: the relative difference up to which two numbers are equal.
        """
        size = max(1, _CELLS // len(columns))
        passed = self._sieve.passed(lines, columns, tolerance)
        equal = [np.zeros(0, dtype=np.int64)]
        for start in range(0, len(passed), size):
            some = points(lines[passed[start : start + size]], columns)
            equal.append(self._projected.equal(some, tolerance))
        return np.concatenate(equal)

    @cached_property
    def _spread(self) -> _Floats:
        """The spread of each column; 1 if it has none."""
        spread = self.table.std(axis=0)
        return np.where(spread == 0, 1.0, spread)

    @cached_property
    def _sieve(self) -> Sieve:
        return Sieve.of(self.table, self._spread, scaled=self.scaled)

    @cached_property
    def _projected(self) -> _Projected:
        return _Projected.of(self.table, self._spread, scaled=self.scaled)


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
    def of(cls, table: _Floats, spread: _Floats, *, scaled: bool) -> _Projected:
        """Project a table (N, k)."""
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
        equal = []
        for k in range(SMALL - 1):
            has = np.flatnonzero((count > k) & (count < SMALL))
            row = self.order[first[has] + k]
            gap = np.abs(self.rows[row] - wanted[has])
            same = (gap <= 4 * tolerance * (np.abs(wanted[has]) + 1e-6)).all(axis=1)
            equal.append(row[same])
        return np.concatenate(equal)


def _weights(rows: _Floats) -> _Floats:
    return np.asarray(np.random.Generator(np.random.PCG64(5)).uniform(1.0, 2.0, (rows.shape[1],)))


def _directions(rows: _Floats) -> _Floats:
    """Rows of length 1, of which the opposite ones are equal too."""
    length = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    unit = rows / np.where(length == 0, 1.0, length)
    weights = np.random.Generator(np.random.PCG64(6)).uniform(1.0, 2.0, rows.shape[1])
    sign = np.where(unit @ weights < 0, -1.0, 1.0)
    return np.asarray(unit * sign[:, np.newaxis], dtype=np.float64)
