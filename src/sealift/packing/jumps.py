"""Rows where an answer jumps, and where it is open between which neighbouring doubles it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.packing.original import Original
from sealift.packing.parity import Report
from sealift.packing.rows import ROUNDED, Rows, encoded
from sealift.runtime import Engine, matches

_DOUBLES = 23  # how far beside a threshold a jump may lie: 2**22 doubles are a share of 1e-9, the rule for numbers
_MOST = 400  # more rows than these are no jumps but a fault

_Answers = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Jumps:
    """Rows on thresholds, which are pairs of neighbouring doubles with a jump of the answer at or beside them.

    Where the compared number is a sum of products or the value of a function such as the logarithm, its last digit is
    left open by IEEE 754: libraries, processors and engines differ in it, the original's among them, and so in between
    which doubles the jump comes. A row there may have the answer from beyond it. Each such row is counted and told in
    the evidence, and none becomes an example.
    """

    report: Report
    rows: Rows
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
            same &= matches(got[name], expected, self.report.tolerance.get(name))[0]
        changed = {name: array.copy() for name, array in wanted.items()}
        for k in np.flatnonzero(~same)[:_MOST].tolist():
            mine = {name: got[name][k : k + 1] for name in wanted}
            found = next((each for each in self._near(int(piece[k])) if _equal(mine, each, self.report)), None)
            if found is not None:
                for name, answer in found.items():
                    changed[name][k] = answer[0]
                self.report.jumped.setdefault(engine, []).append(int(piece[k]))
        return changed

    def _near(self, row: int) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """The original's answers to the other row of the pair, then to values ever farther beside this one."""
        for other in (row - 1, row + 1):
            if not self._on_threshold(row, other):
                continue
            yield {name: answers[other : other + 1] for name, answers in self.truth.items()}
            mine, theirs = self.rows.rows[row], self.rows.rows[other]
            moved = [i for i, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1]]
            if len(moved) == 1 and isinstance(mine[moved[0]], float):
                yield from _beside(self.original, self.rows.names, mine, moved[0])

    def _on_threshold(self, row: int, other: int) -> bool:
        kinds = self.rows.kinds
        return 0 <= other < len(kinds) and kinds[row] == kinds[other] == ROUNDED


def only_jumps(report: Report, engine: Engine, contract: Contract, original: Original) -> bool:
    """Whether each of the worst rows has the answer of a row beside it, in one number and by a billionth at most."""
    for worst in report.rows:
        names, row = list(worst.row), list(worst.row.values())
        mine = engine.run(encoded(contract, {name: [cell] for name, cell in worst.row.items()}).tensors)
        near = (_beside(original, names, row, i) for i, cell in enumerate(row) if isinstance(cell, float))
        if not any(_equal(mine, each, report) for found in near for each in found):
            return False
    return True


def _beside(original: Original, names: Sequence[str], row: Sequence[Any], field: int) -> Iterator[_Answers]:
    """The original's answers to doubles ever farther beside the one in a field of a row."""
    steps = 2 ** np.arange(_DOUBLES)
    # A double's bits, read as a whole number, count the doubles.
    near = (np.array([row[field]], dtype=np.float64).view(np.int64) + np.concatenate([steps, -steps])).view(np.float64)
    near = near[np.isfinite(near)]
    columns: dict[str, Any] = {name: [cell] * len(near) for name, cell in zip(names, row, strict=True)}
    columns[names[field]] = near.tolist()
    if original.accepts(columns):
        answers = original.answer_columns(columns)
        yield from ({name: found[i : i + 1] for name, found in answers.items()} for i in range(len(near)))


def _equal(mine: _Answers, theirs: _Answers, report: Report) -> bool:
    tolerance = report.tolerance
    return all(bool(matches(mine[name], theirs[name], tolerance.get(name))[0].all()) for name in theirs)
