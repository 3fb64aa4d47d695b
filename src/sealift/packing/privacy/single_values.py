"""Detect single values of a column among the constants of a graph, and whether chance explains the match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.packing.privacy.chance import Distinct, explained
from sealift.packing.privacy.constants import Constant
from sealift.packing.privacy.hashed_numbers import HashedNumbers
from sealift.packing.privacy.reference import DOUBLE, SINGLE, Units
from sealift.packing.privacy.sorted_constants import SortedConstants, total

_MANY = 1 << 20
"""So many numbers are not all sorted: only those that can be values of the rows."""
_HASHED = 16_000_000  # values of rows that are hashed at a time
_SEARCHED = 1 << 18  # values of rows that are searched for at a time
_PER_VALUE = 128  # places, to limit the memory
_COLUMN = 32  # a value's column, and below this bit its index among `Values.rare`
_Indices: TypeAlias = npt.NDArray[np.int64]
_Hits: TypeAlias = tuple[_Indices, _Indices]  # values by column and index, and places of one constant that hold them


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
    values: _Indices
    places: _Indices
    at: _Indices
    explained: bool

    def without_places(self) -> Match:
        """The same with only the values, in memory of its own."""
        none = np.zeros(0, dtype=np.int64)
        return replace(self, values=self.values.copy(), places=none, at=none)


def matches(units: Sequence[Units], constants: Sequence[Constant]) -> Iterator[tuple[int, list[Match]]]:
    """The index of one of the units, and all that one constant contains of its values that fewer than SMALL rows have.

    They come one after the other, since the matches of a large constant take much memory.
    """
    loose = np.array([c.single or c.role == "threshold" for c in constants], dtype=np.bool_)
    for group in _groups(units, many=total(constants) > _MANY):
        for owner, hits in _by_constant(group, constants, loose):
            distinct = Distinct(constants[owner].stored)
            for number, parts in hits.items():
                yield number, _judged(owner, units[number], parts, distinct, SINGLE if loose[owner] else DOUBLE)


def _groups(units: Sequence[Units], *, many: bool) -> Iterator[dict[int, Units]]:
    """The units that may be compared, by index; not all at a time where there are many constants."""
    group: dict[int, Units] = {}
    for number, each in enumerate(units):
        if each.single is None:
            continue
        if many and sum(other.values.size for other in (*group.values(), each)) > _HASHED and group:
            yield group
            group = {}
        group[number] = each
    yield group


def _by_constant(
    units: Mapping[int, Units], constants: Sequence[Constant], loose: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, dict[int, list[_Hits]]]]:
    """Each constant that contains values of these units, and what it contains by the index of the units."""
    wanted = None
    if total(constants) > _MANY:
        wanted = HashedNumbers.of([each.single for each in units.values() if each.single is not None])
    allowed = {
        target: np.array([c.role != ("threshold" if target else "leaf") for c in constants]) for target in (0, 1)
    }
    hits_of: dict[int, dict[int, list[_Hits]]] = {}
    last = 0
    for numbers in SortedConstants.of(constants, wanted):
        for number, each in units.items():
            for owner, hits in _hits(each, numbers, loose, allowed[each.target]):
                hits_of.setdefault(owner, {}).setdefault(number, []).append(hits)
        last = int(numbers.owners.max(initial=last))
        for owner in sorted(hits_of):
            if owner < last:  # the last one may go on in the next part
                yield owner, hits_of.pop(owner)
    yield from sorted(hits_of.items())


def _hits(
    units: Units, numbers: SortedConstants, loose: npt.NDArray[np.bool_], allowed: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, _Hits]]:
    """A constant, and some places that hold values of the units."""
    if not len(numbers.values) or units.single is None:
        return
    near = np.flatnonzero(numbers.hashed.columns(units.single))
    size = max(1, _SEARCHED // max(1, len(units.single)))
    for start in range(0, len(near), size):
        some = near[start : start + size]
        rare = [units.columns[index].rare for index in some.tolist()]
        values = np.concatenate(rare)
        keys = np.concatenate([(i << _COLUMN) + np.arange(len(part)) for i, part in zip(some, rare, strict=True)])
        order = np.argsort(values)  # so that the numbers are read one after the other
        values, keys = values[order], keys[order]
        reach = SINGLE * np.abs(values)
        first = np.searchsorted(numbers.values, values - reach)
        count = np.searchsorted(numbers.values, values + reach, side="right") - first
        held = np.flatnonzero(count)
        count = np.minimum(count[held], _PER_VALUE * numbers.share)
        at = np.repeat(held, count)
        spot = np.repeat(first[held] - np.cumsum(count) + count, count) + np.arange(len(at))
        gap = np.abs(numbers.values[spot] - values[at])
        owner = numbers.owners[spot]
        good = allowed[owner] & (gap <= np.where(loose[owner], SINGLE, DOUBLE) * np.abs(values[at]))
        key, place, owner = keys[at[good]], numbers.places[spot[good]], owner[good]
        order = np.argsort(owner, kind="stable")
        starts = np.flatnonzero(np.diff(owner[order], prepend=-1)).tolist()
        for begin, end in pairwise([*starts, len(order)]):
            mine = order[begin:end]
            yield int(owner[mine[0]]), (key[mine], place[mine])


def _judged(owner: int, units: Units, parts: Sequence[_Hits], distinct: Distinct, tolerance: float) -> list[Match]:
    """What a constant with these different numbers contains of each column."""
    keys, places = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    order = np.argsort(keys)
    keys, places = keys[order], places[order]
    column, at = keys >> _COLUMN, keys & ((1 << _COLUMN) - 1)
    start = np.flatnonzero(np.diff(column, prepend=-1))
    new = np.flatnonzero(np.diff(keys, prepend=-1))
    values, of_value = at[new], np.searchsorted(new, [*start, len(keys)])
    columns = column[start].tolist()
    few = explained(np.diff(of_value), distinct, [units.columns[index] for index in columns], tolerance).tolist()
    slices = zip(pairwise(of_value.tolist()), pairwise([*start.tolist(), len(keys)]), strict=True)
    return [
        Match(index, owner, values[u:v], places[p:q], at[p:q], by_chance)
        for index, ((u, v), (p, q)), by_chance in zip(columns, slices, few, strict=True)
    ]
