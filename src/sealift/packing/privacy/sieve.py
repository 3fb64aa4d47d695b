"""Which lines of a matrix can equal a row at all, as a few of their columns tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_COLUMNS, _MOST = 8, 64
_SAMPLE = 1000  # rows in which different values are counted
_LEAST = 1e-3  # the part of a row's length that its chosen columns have
_CELLS = 1 << 20
_Floats = npt.NDArray[np.float64]
_Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sieve:
    """A few columns of rows, projected on a line, which nearly no line that equals no row meets.

    Where all columns of a line equal those of a row within the tolerance, so do these. A large matrix is read in these
    columns only.

    Attributes:
        columns: the indices of the columns, or None where every line passes.
        spread: the spread of each.
        weights: the direction of the projection.
        key: the projections of the rows, ascending.
        scaled: whether rows that are multiples of each other are equal.
    """

    columns: _Indices | None
    spread: _Floats
    weights: _Floats
    key: _Floats
    scaled: bool

    @classmethod
    def of(cls, table: _Floats, spread: _Floats, *, scaled: bool) -> Sieve:
        """The sieve of rows (N, k), whose columns have these spreads."""
        varied = _varied(table)
        chosen: _Indices | None = varied
        if scaled:
            length = np.sqrt(np.einsum("ij,ij,j->i", table, table, spread**-2.0))
            if not length.all():
                table, length = table[length != 0], length[length != 0]
            chosen = _covering(table, spread, length, varied)
        if chosen is None:
            return cls(None, spread, spread, spread, scaled)
        weights = np.random.Generator(np.random.PCG64(7)).uniform(1.0, 2.0, len(chosen))
        part = table[:, chosen] / spread[chosen]
        key = np.abs(_unit(part) @ weights) if scaled else part @ weights
        return cls(chosen, spread[chosen], weights, np.sort(key), scaled)

    def passed(self, lines: npt.NDArray[Any], columns: _Indices, tolerance: float) -> _Indices:
        """The indices of the lines (L, width) that can equal a row, whose columns are these of the lines."""
        if self.columns is None:
            return np.arange(len(lines))
        mine = columns[self.columns]
        size = max(1, _CELLS // len(mine))
        places = [np.zeros(0, dtype=np.int64)]
        for start in range(0, len(lines), size):
            key, reach = self._projected(points(lines[start : start + size], mine) / self.spread, tolerance)
            first = np.searchsorted(self.key, key - reach)
            met = np.searchsorted(self.key, key + reach, side="right") > first
            places.append(np.flatnonzero(met) + start)
        return np.concatenate(places)

    def _projected(self, part: _Floats, tolerance: float) -> tuple[_Floats, _Floats | float]:
        """The projections of lines, and how far from them that of an equal row can be.

        Each number of an equal row differs by at most 4 tolerances of its size, and as many millionths of the spread.
        Parts of rows of length 1 that are as long as _LEAST at least differ by twice that when they are made as long as
        1 in turn. What is added is more than rounding.
        """
        if self.scaled:
            return np.abs(_unit(part) @ self.weights), 8.2 * tolerance * float(np.sqrt(self.weights @ self.weights))
        return part @ self.weights, 4.1 * tolerance * ((np.abs(part) + 1e-6) @ self.weights)


def points(lines: npt.NDArray[Any], columns: _Indices) -> _Floats:
    """Some columns of lines, with 0 where a number is not finite."""
    return np.nan_to_num(lines[:, columns].astype(np.float64), posinf=0.0, neginf=0.0)


def _varied(table: _Floats) -> _Indices:
    """The columns with the most different values."""
    some = np.sort(table[:: -(-len(table) // _SAMPLE)], axis=0)
    return np.argsort(-(some[1:] != some[:-1]).sum(axis=0), kind="stable")[:_COLUMNS]


def _covering(table: _Floats, spread: _Floats, length: _Floats, chosen: _Indices) -> _Indices | None:
    """Columns that have a part of each row's length; None where that takes too many."""
    covered = np.square(table[:, chosen] / spread[chosen]).sum(axis=1)
    while len(bare := np.flatnonzero(~(covered >= np.square(_LEAST * length)))):
        best = np.argmax(np.abs(table[bare[0]] / spread))
        if len(chosen) == _MOST or best in chosen:
            return None
        chosen = np.append(chosen, best)
        covered += np.square(table[:, best] / spread[best])
    return chosen


def _unit(rows: _Floats) -> _Floats:
    """Rows made as long as 1."""
    length = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    return np.asarray(rows / np.where(length == 0, 1.0, length))
