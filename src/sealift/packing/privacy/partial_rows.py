"""Detect several values of one row that stand together in a constant of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sealift.packing.privacy.chance import UNLIKELY
from sealift.packing.privacy.constants import Constant
from sealift.packing.privacy.reference import DOUBLE, SINGLE, Ranges, Units
from sealift.packing.privacy.single_values import Match

_AT_A_TIME = 1_000_000  # places, to limit the memory


def add_partial_rows(best: dict[int, tuple[int, int]], units: Units, constant: Constant, held: Sequence[Match]) -> None:
    """Add each row that has two or more single values in one line of a constant.

    Args:
        best: for each row that was found so far, how many of its values are in one line, and in which constant; changed
            where this one has more.
        units: the rows.
        constant: the constant.
        held: all that the constant contains of these rows' values.
    """
    shape = constant.stored.squeeze().shape
    if len(shape) != 2 or constant.role != "number" or len(held) < 2:
        return
    columns = [units.columns[match.column] for match in held]
    places = np.concatenate([match.places for match in held])
    number = np.repeat(np.arange(len(held)), [len(match.at) for match in held])
    rows = np.concatenate([column.rows[match.at] for column, match in zip(columns, held, strict=True)])
    cells = Ranges.of(columns).cells(SINGLE if constant.single else DOUBLE)
    for length, lines, line in ((shape[1], shape[0], places // shape[1]), (shape[0], shape[1], places % shape[1])):
        # By chance, a line holds a given value with this probability, and so often some line two of some row.
        logarithm = np.log10(np.minimum(1.0, length / cells))
        enough = np.log10(UNLIKELY) - np.log10(float(lines) * len(units.values))
        # No row has more in a line than all rows have together.
        some = np.flatnonzero((np.bincount(line, logarithm[number], minlength=lines) < enough)[line])
        parts = -(-len(some) // _AT_A_TIME)
        for part in range(parts):
            mine = some[line[some] % parts == part]
            for row, count in _together(line[mine], rows[mine], number[mine], logarithm, enough):
                if row not in best or count > best[row][0]:
                    best[row] = count, held[0].owner


def _together(
    line: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int32],
    number: npt.NDArray[np.int64],
    logarithm: npt.NDArray[np.float64],
    enough: float,
) -> Iterator[tuple[int, int]]:
    """Rows that have values of several columns in one line, and of how many, unless chance explains it.

    Args:
        line: the lines of the places (n,).
        rows: the rows that have the value at each place, padded with −1 (n, k).
        number: the column of each place.
        logarithm: of the probability that a line holds a given value of each column by chance.
        enough: the logarithm of the probability from which it is likely that some line holds several.
    """
    columns, most = len(logarithm), int(rows.max(initial=0)) + 1
    key = (line[:, np.newaxis] * most + rows) * columns + number[:, np.newaxis]
    key = np.sort(key[rows >= 0])
    key = key[np.diff(key, prepend=-1) > 0]
    pair = key // columns
    start = np.flatnonzero(np.diff(pair, prepend=-1))
    count = np.diff(start, append=len(key))
    good = (count > 1) & (np.add.reduceat(logarithm[key % columns], start) < enough)
    yield from zip((pair[start[good]] % most).tolist(), count[good].tolist(), strict=True)
