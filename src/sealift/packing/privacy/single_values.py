"""Detect single values of a column among the constants of a graph, and whether chance explains the match."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.packing.privacy.constants import Constant, SortedConstants
from sealift.packing.privacy.reference import DOUBLE, SINGLE, Units, Values
from sealift.stats import SMALL

UNLIKELY = 0.005
"""A match is reported if as many matches come by chance with less than this probability."""
_EXTREME = 0.05
_NEAR = 1e-3
_PER_VALUE = 128  # places, to limit the memory
_VECTORS = 12


@dataclass(frozen=True)
class Match:
    """Values of one column that one constant contains.

    Attributes:
        column: the index of the column.
        owner: the index of the constant.
        values: the indices of the values among `Values.rare`.
        places: the places in the constant, flattened, one for each entry of `at`.
        at: for each place, the index of the value among `Values.rare`.
        explained: whether chance explains it.
    """

    column: int
    owner: int
    values: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    explained: bool


def matches(units: Sequence[Units], constants: Sequence[Constant]) -> list[list[Match]]:
    """For each of the units, the constants that contain values that fewer than SMALL rows have."""
    loose = np.array([c.single or c.role == "threshold" for c in constants], dtype=np.bool_)
    allowed = {
        target: np.array([c.role != ("threshold" if target else "leaf") for c in constants]) for target in (0, 1)
    }
    hits: dict[int, _Hits] = {}
    for numbers in SortedConstants.of(constants):
        for number, each in enumerate(units):
            for owner, column, at, places in _hits(each, numbers, loose, allowed[each.target]):
                hits.setdefault(owner, {}).setdefault((number, column), []).append((at, places))
    found: list[list[Match]] = [[] for _ in units]
    for owner in sorted(hits):
        distinct = np.unique(constants[owner].stored).astype(np.float64)
        tolerance = SINGLE if loose[owner] else DOUBLE
        for (number, index), parts in hits.pop(owner).items():
            at, places = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
            values = np.unique(at)
            chance = chance_of(len(values), distinct, units[number].columns[index], tolerance)
            found[number].append(Match(index, owner, values, places, at, chance >= UNLIKELY))
    for several in found:
        several.sort(key=lambda match: (match.column, match.owner))
    return found


_Indices: TypeAlias = npt.NDArray[np.int64]
_Hits: TypeAlias = dict[tuple[int, int], list[tuple[_Indices, _Indices]]]


def _hits(
    units: Units, numbers: SortedConstants, loose: npt.NDArray[np.bool_], allowed: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, int, _Indices, _Indices]]:
    """A constant, a column, and for each place of the constant that holds a value: the value's index, and the place."""
    if not len(numbers.values) or units.single is None:
        return
    for index in np.flatnonzero(numbers.near(units.single).any(axis=0)).tolist():
        column = units.columns[index]
        if not len(column.rare):
            continue
        reach = SINGLE * np.abs(column.rare)
        first = np.searchsorted(numbers.values, column.rare - reach)
        count = np.searchsorted(numbers.values, column.rare + reach, side="right") - first
        held = np.flatnonzero(count)
        if not len(held):
            continue
        count = np.minimum(count[held], _PER_VALUE)
        at = np.repeat(held, count)
        spot = np.repeat(first[held], count) + np.concatenate([np.arange(n) for n in count])
        gap = np.abs(numbers.values[spot] - column.rare[at])
        owner, place = numbers.located(spot)
        good = allowed[owner] & (gap <= np.where(loose[owner], SINGLE, DOUBLE) * np.abs(column.rare[at]))
        at, place, owner = at[good], place[good], owner[good]
        for one in np.unique(owner).tolist():
            mine = owner == one
            yield one, index, at[mine], place[mine]


def chance_of(count: int, numbers: npt.NDArray[np.float64], column: Values, tolerance: float) -> float:
    """The probability that at least `count` rare values of a column are among numbers that have nothing to do with it.

    The numbers are distinct and ascending.

    The numbers that could be values of the column are taken to fall anywhere on its grid; the number of those that
    fall on a rare value is then about Poisson distributed. Its mean is at least the number of rare values that they
    meet when they are moved by a few steps, since values and thresholds are close together in the same places.
    """
    first, last = np.searchsorted(numbers, (column.low, column.high))
    tried = numbers[first : last + 1][column.on_grid(numbers[first : last + 1])]
    mean = len(tried) * len(column.rare) / column.cells(tolerance)
    return poisson_tail(count, max(mean, _beside(tried, column, tolerance)))


_SHIFTS = (-23, -19, -17, -13, -11, -7, -5, -3, 3, 5, 7, 11, 13, 17, 19, 23)  # tolerances
_STEPS = (-4, -3, -2, -1, 1, 2, 3, 4)
_SAMPLE = 20_000


def _beside(numbers: npt.NDArray[np.float64], column: Values, tolerance: float) -> float:
    """How many rare values the numbers would match if they were shifted slightly, on average."""
    some = numbers[:: -(-len(numbers) // _SAMPLE)] if len(numbers) else numbers
    shifts = _STEPS if column.step else _SHIFTS
    met = 0
    for shift in shifts:
        moved = some + shift * column.step if column.step else some * (1 + shift * tolerance)
        reach = column.step * _NEAR if column.step else tolerance * np.abs(moved)
        upper = np.searchsorted(column.rare, moved + reach, side="right")
        met += int((upper > np.searchsorted(column.rare, moved - reach)).sum())
    return met / len(shifts) * (len(numbers) / max(len(some), 1))


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
