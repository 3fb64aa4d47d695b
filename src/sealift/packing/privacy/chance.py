"""Whether chance explains that numbers which have nothing to do with a column equal its rare values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.packing.privacy.reference import Ranges, Values

UNLIKELY = 0.005
"""A match is reported if as many matches come by chance with less than this probability."""
_NEAR = 1e-3
_PARTS, _LEAST = 16, 1 << 18
_BLOCK = 1 << 16
_SHIFTS = (-23, -19, -17, -13, -11, -7, -5, -3, 3, 5, 7, 11, 13, 17, 19, 23)  # tolerances
_WINDOW = 26  # tolerances, more than the widest shift and one more
_STEPS = (-4, -3, -2, -1, 1, 2, 3, 4)
_SAMPLE = 20_000
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Distinct:
    """The different numbers of a constant, which are sorted when they are asked for.

    Attributes:
        stored: the constant.
    """

    stored: npt.NDArray[Any]

    @cached_property
    def few(self) -> npt.NDArray[Any]:
        """Those of a part of a large constant, ascending."""
        size = max(self.stored.size // _PARTS, _LEAST)
        return self.all if size >= self.stored.size else _different(self.stored.reshape(-1)[:size])

    @cached_property
    def all(self) -> npt.NDArray[Any]:
        """All of them, ascending."""
        return _different(self.stored.reshape(-1))


def _different(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    ordered = np.sort(numbers if numbers.dtype.kind == "f" else numbers.astype(np.float64))
    return np.asarray(ordered[np.append(True, ordered[1:] != ordered[:-1])])


def explained(
    counts: npt.NDArray[np.int64], numbers: Distinct, columns: Sequence[Values], tolerance: float
) -> npt.NDArray[np.bool_]:
    """Whether chance explains so many matches of each column: whether `chance_of` is UNLIKELY or more.

    The more numbers there are, the more match by chance. So nearly all matches in large constants are explained by how
    many numbers are in the range of a column, or by part of them. Only where they are not is `chance_of` computed.
    """
    ranges = Ranges.of(columns)
    share = ranges.rare / ranges.cells(tolerance)
    result = np.zeros(len(columns), dtype=np.bool_)
    for some in (numbers.few, numbers.all):
        inside = _up_to(some, ranges.high) - _below(some, ranges.low)
        result |= (counts <= inside * share) & (ranges.step == 0)
        for i in np.flatnonzero(~result).tolist():
            result[i] = _are_enough(int(counts[i]), some, columns[i], share[i])
        if result.all():
            return np.asarray(result)
    for i in np.flatnonzero(~result).tolist():
        result[i] = chance_of(int(counts[i]), numbers.all, columns[i], tolerance) >= UNLIKELY
    return np.asarray(result)


def _are_enough(count: int, numbers: npt.NDArray[Any], column: Values, share: float) -> bool:
    """Whether there are so many numbers in the range of a column that chance explains the matches."""
    tried = 0
    for part in _tried(numbers, column):
        tried += len(part)
        if poisson_tail(count, tried * share) >= UNLIKELY:
            return True
    return False


def chance_of(count: int, numbers: npt.NDArray[Any], column: Values, tolerance: float) -> float:
    """The probability that at least `count` rare values of a column are among numbers that have nothing to do with it.

    The numbers are distinct and ascending.

    The numbers that could be values of the column are taken to fall anywhere on its grid; the number of those that
    fall on a rare value is then about Poisson distributed. Its mean is at least the number of rare values that they
    meet when they are moved by a few steps, since values and thresholds are close together in the same places.
    """
    tried = np.concatenate([np.zeros(0), *_tried(numbers, column)])
    mean = len(tried) * len(column.rare) / column.cells(tolerance)
    return poisson_tail(count, max(mean, _beside(tried, column, tolerance)))


def _tried(numbers: npt.NDArray[Any], column: Values) -> Iterator[npt.NDArray[Any]]:
    """The numbers that could be values of the column, some at a time where it lies on a grid."""
    ends = np.array([column.low]), np.array([column.high])
    inside = numbers[_below(numbers, ends[0])[0] : _up_to(numbers, ends[1])[0]]
    if not column.step:
        yield inside
        return
    for start in range(0, len(inside), _BLOCK):
        block = inside[start : start + _BLOCK].astype(np.float64)
        yield block[column.on_grid(block)]


def _below(numbers: npt.NDArray[Any], ends: _Floats) -> npt.NDArray[np.int64]:
    """How many of ascending numbers are below each end."""
    return np.searchsorted(numbers, _rounded(ends, numbers.dtype, np.inf))


def _up_to(numbers: npt.NDArray[Any], ends: _Floats) -> npt.NDArray[np.int64]:
    """How many of ascending numbers are at most each end."""
    return np.searchsorted(numbers, _rounded(ends, numbers.dtype, -np.inf), side="right")


def _rounded(ends: _Floats, dtype: np.dtype[Any], towards: float) -> npt.NDArray[Any]:
    """The ends in the type of numbers, which would else all be converted, rounded up or down."""
    with np.errstate(over="ignore"):
        near = ends.astype(dtype)
    passed = near < ends if towards > 0 else near > ends
    return np.where(passed, np.nextafter(near, dtype.type(towards)), near)


def _beside(numbers: npt.NDArray[Any], column: Values, tolerance: float) -> float:
    """How many rare values the numbers would match if they were shifted slightly, on average."""
    some = numbers[:: -(-len(numbers) // _SAMPLE)].astype(np.float64) if len(numbers) else numbers
    tried = max(len(some), 1)
    if not column.step:
        some = some[_within(some, column.rare, _WINDOW * tolerance)]
    shifts = _STEPS if column.step else _SHIFTS
    met = 0
    for shift in shifts:
        moved = some + shift * column.step if column.step else some * (1 + shift * tolerance)
        reach = column.step * _NEAR if column.step else tolerance * np.abs(moved)
        upper = np.searchsorted(column.rare, moved + reach, side="right")
        met += int((upper > np.searchsorted(column.rare, moved - reach)).sum())
    return met / len(shifts) * (len(numbers) / tried)


def _within(numbers: _Floats, rare: _Floats, reach: float) -> npt.NDArray[np.bool_]:
    """Which of ascending numbers are within a reach of a rare value, relative to it."""
    width = reach * np.abs(rare)
    change = np.zeros(len(numbers) + 1, dtype=np.int64)
    np.add.at(change, np.searchsorted(numbers, rare - width), 1)
    np.add.at(change, np.searchsorted(numbers, rare + width, side="right"), -1)
    return np.cumsum(change[:-1]) > 0


def poisson_tail(count: int, mean: float) -> float:
    """P(K ≥ count) for a Poisson variable K; above 700, by Chernoff's bound."""
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if count > 700 or mean > 700:
        return 1.0 if count <= mean else math.exp(count - mean - count * math.log(count / mean))
    below, term = 0.0, math.exp(-mean)
    for k in range(count):
        below += term
        term *= mean / (k + 1)
    return max(0.0, 1.0 - below) if count <= mean + 1 or below < 0.999 else _upper(count, mean)


def _upper(count: int, mean: float) -> float:
    """The sum from `count` on, without the cancellation of 1 − the rest."""
    term = math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    total, k = 0.0, count
    while term > total * 1e-12 and k < count + 1000:
        total += term
        k += 1
        term *= mean / k
    return total
