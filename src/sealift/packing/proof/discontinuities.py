"""Rows at a discontinuity of the answer, whose position between neighbouring doubles is not determined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.packing.probes.probe_rows import ROUNDED, ProbeRows, encoded
from sealift.packing.proof.oracle import Original
from sealift.packing.proof.report import Report
from sealift.runtime import AnyEngine

_DOUBLES = 23  # distance of a jump from its threshold: 2**22 doubles are 1e-9 relative, the tolerance of numbers
_MOST = 2000  # rows that are examined

_Answers = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Discontinuities:
    """Rows at thresholds: pairs of neighbouring doubles, at or near which the answer is discontinuous.

    Where the compared number is a sum of products or the value of a function such as the logarithm, IEEE 754
    does not determine its last digit: libraries, processors and engines differ, the original included. So does the pair
    of doubles between which the answer changes. Such a row may have the answer from the other side. Each one is counted
    in the evidence, and none becomes an example.
    """

    report: Report
    rows: ProbeRows
    truth: _Answers
    original: Original

    def beyond(
        self, piece: npt.NDArray[np.intp], wanted: _Answers, got: _Answers, engine: str
    ) -> dict[str, npt.NDArray[Any]]:
        """`wanted`, with a neighbour's answer for a row on a threshold where this engine gave exactly that.

        Args:
            piece: the rows' numbers.
            wanted: the original's answers to them.
            got: the engine's.
            engine: its name, for the report.
        """
        same = np.ones(len(piece), dtype=np.bool_)
        for name, expected in wanted.items():
            same &= self.report.compared_with(name, got[name], expected)[0]
        changed = {name: array.copy() for name, array in wanted.items()}
        different = np.flatnonzero(~same)[:_MOST].tolist()
        # The other row of the pair first, whose answer is known; then doubles ever farther beside.
        pairs = {k: self._pair(int(piece[k])) for k in different}
        nearby = {k: {name: self.truth[name][pair] for name in wanted} for k, pair in pairs.items() if pair}
        moved = {k: place for k, pair in pairs.items() if (place := self._moved(int(piece[k]), pair)) is not None}
        settled = {k: answer for k, near in nearby.items() if (answer := self._like(got, k, near)) is not None}
        rest = [k for k in moved if k not in settled]
        beside = _beside(self.original, self.rows.names, [(self.rows.rows[int(piece[k])], moved[k]) for k in rest])
        for k, near in zip(rest, beside, strict=True):
            if (answer := self._like(got, k, near)) is not None:
                settled[k] = answer
        for k, answer in settled.items():
            for name, value in answer.items():
                changed[name][k] = value
            self.report.jumped.setdefault(engine, []).append(int(piece[k]))
        return changed

    def _pair(self, row: int) -> list[int]:
        """The adjacent rows at the same threshold, or at one next to it."""
        return [other for other in (row - 1, row + 1) if self._on_threshold(row, other)]

    def _moved(self, row: int, pair: Sequence[int]) -> int | None:
        """The field, one of doubles, in which this row differs from one of its pair, if it is the only one."""
        mine = self.rows.rows[row]
        for other in pair:
            fields = [i for i, two in enumerate(zip(mine, self.rows.rows[other], strict=True)) if two[0] != two[1]]
            if len(fields) == 1 and isinstance(mine[fields[0]], float):
                return fields[0]
        return None

    def _like(self, got: _Answers, k: int, near: _Answers) -> dict[str, Any] | None:
        """The first of the answers `near` that the engine gave to row k."""
        at = _first_equal({name: got[name][k : k + 1] for name in near}, near, self.report)
        return None if at is None else {name: answers[at] for name, answers in near.items()}

    def _on_threshold(self, row: int, other: int) -> bool:
        kinds = self.rows.kinds
        return 0 <= other < len(kinds) and kinds[row] == kinds[other] == ROUNDED


def only_jumps(report: Report, engine: AnyEngine, contract: Contract, original: Original) -> bool:
    """Whether each of the worst rows has the answer of a row beside it, in one number and by a billionth at most."""
    if report.times:
        return False  # reported as dates, not as doubles
    for worst in report.rows:
        names, row = list(worst.row), list(worst.row.values())
        mine = engine.run(encoded(contract, {name: [cell] for name, cell in worst.row.items()}).tensors)
        numbers = [(row, i) for i, cell in enumerate(row) if isinstance(cell, float)]
        if all(_first_equal(mine, near, report) is None for near in _beside(original, names, numbers)):
            return False
    return True


def _beside(original: Original, names: Sequence[str], places: Sequence[tuple[Sequence[Any], int]]) -> list[_Answers]:
    """For each row and field, the original's answers to doubles ever farther beside the one there, in one call."""
    steps = 2 ** np.arange(_DOUBLES)
    columns: dict[str, list[Any]] = {name: [] for name in names}
    ends = [0]
    for row, field in places:
        # A double's bits, read as a whole number, count the doubles.
        bits = np.array([row[field]], dtype=np.float64).view(np.int64) + np.concatenate([steps, -steps])
        near = bits.view(np.float64)[np.isfinite(bits.view(np.float64))].tolist()
        for i, (name, cell) in enumerate(zip(names, row, strict=True)):
            columns[name] += near if i == field else [cell] * len(near)
        ends.append(ends[-1] + len(near))
    if not ends[-1]:
        return [{} for _ in places]
    good, answers = original.accepted(columns)
    cuts = np.concatenate([[0], np.cumsum(good)])[ends].tolist()
    return [{name: array[a:b] for name, array in answers.items()} for a, b in pairwise(cuts)]


def _first_equal(mine: _Answers, near: _Answers, report: Report) -> int | None:
    """Which of the answers `near` (M) is the first to be the one answer `mine`; None where none is."""
    count = len(next(iter(near.values()), ()))
    same = np.ones(count, dtype=np.bool_)
    for name, answers in near.items():
        same &= report.compared_with(name, np.repeat(mine[name], count, axis=0), answers)[0]
    return int(np.argmax(same)) if same.any() else None
