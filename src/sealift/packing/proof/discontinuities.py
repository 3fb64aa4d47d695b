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

    def adjusted(
        self, piece: npt.NDArray[np.intp], expected: _Answers, got: _Answers, engine: str
    ) -> dict[str, npt.NDArray[Any]]:
        """The expected answers; for a row at a threshold, the original's answer nearby, if the engine gave that.

        Args:
            piece: the indices of the rows.
            expected: the original's answers for them.
            got: the engine's answers.
            engine: the engine's name, for the report.
        """
        same = np.ones(len(piece), dtype=np.bool_)
        for name, array in expected.items():
            same &= self.report.compared_with(name, got[name], array)[0]
        changed = {name: array.copy() for name, array in expected.items()}
        different = np.flatnonzero(~same)[:_MOST].tolist()
        # First the other row of the pair, whose answer is known; then doubles at increasing distances.
        pairs = {k: self._pair(int(piece[k])) for k in different}
        nearby = {k: {name: self.truth[name][pair] for name in expected} for k, pair in pairs.items() if pair}
        moved = {k: place for k, pair in pairs.items() if (place := self._moved(int(piece[k]), pair)) is not None}
        settled = {k: answer for k, near in nearby.items() if (answer := self._like(got, k, near)) is not None}
        rest = [k for k in moved if k not in settled]
        others = _nearby(self.original, self.rows.names, [(self.rows.rows[int(piece[k])], moved[k]) for k in rest])
        for k, near in zip(rest, others, strict=True):
            if (answer := self._like(got, k, near)) is not None:
                settled[k] = answer
        for k, answer in settled.items():
            for name, value in answer.items():
                changed[name][k] = value
            self.report.jumped.setdefault(engine, []).append(int(piece[k]))
        return changed

    def _pair(self, row: int) -> list[int]:
        """The adjacent rows at the same threshold, or at the next one."""
        return [other for other in (row - 1, row + 1) if self._on_threshold(row, other)]

    def _moved(self, row: int, pair: Sequence[int]) -> int | None:
        """The float64 field that is the only difference between this row and one in `pair`; None if there is none."""
        mine = self.rows.rows[row]
        for other in pair:
            fields = [i for i, two in enumerate(zip(mine, self.rows.rows[other], strict=True)) if two[0] != two[1]]
            if len(fields) == 1 and isinstance(mine[fields[0]], float):
                return fields[0]
        return None

    def _like(self, got: _Answers, k: int, near: _Answers) -> dict[str, Any] | None:
        """The first of the answers `near` that equals the engine's answer for row k; None if none does."""
        at = _first_equal({name: got[name][k : k + 1] for name in near}, near, self.report)
        return None if at is None else {name: answers[at] for name, answers in near.items()}

    def _on_threshold(self, row: int, other: int) -> bool:
        kinds = self.rows.kinds
        return 0 <= other < len(kinds) and kinds[row] == kinds[other] == ROUNDED


def only_jumps(report: Report, engine: AnyEngine, contract: Contract, original: Original) -> bool:
    """Whether each of the worst rows has the original's answer for a row that differs by at most 1e-9 in one number."""
    if report.times:
        return False  # the report has dates, not doubles
    for worst in report.rows:
        names, row = list(worst.row), list(worst.row.values())
        mine = engine.run(encoded(contract, {name: [cell] for name, cell in worst.row.items()}).tensors)
        numbers = [(row, i) for i, cell in enumerate(row) if isinstance(cell, float)]
        if all(_first_equal(mine, near, report) is None for near in _nearby(original, names, numbers)):
            return False
    return True


def _nearby(original: Original, names: Sequence[str], places: Sequence[tuple[Sequence[Any], int]]) -> list[_Answers]:
    """For each row and field, the original's answers with doubles at increasing distances there; in one call."""
    steps = 2 ** np.arange(_DOUBLES)
    columns: dict[str, list[Any]] = {name: [] for name in names}
    ends = [0]
    for row, field in places:
        # The bits of doubles as integers are consecutive for adjacent doubles of the same sign.
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
    """The index of the first of the answers `near` (M) that equals the single answer `mine`; None if none does."""
    count = len(next(iter(near.values()), ()))
    same = np.ones(count, dtype=np.bool_)
    for name, answers in near.items():
        same &= report.compared_with(name, np.repeat(mine[name], count, axis=0), answers)[0]
    return int(np.argmax(same)) if same.any() else None
