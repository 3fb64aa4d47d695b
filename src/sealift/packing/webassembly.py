"""The proof in the page's own engine, where Node is there to run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.errors import SealError
from sealift.packing.original import Original
from sealift.packing.parity import Report
from sealift.packing.rows import Rows, encoded
from sealift.runtime import matches, wasm
from sealift.text import Stages

_ROWS, _PIECE = 1000, 256
_DOUBLES = 13  # how far beside a threshold a jump may lie: 2**12 doubles are a share of 1e-12

_Answers = Mapping[str, npt.NDArray[Any]]


def compare_in_webassembly(
    report: Report,
    graph: bytes,
    stages: Stages,
    contract: Contract,
    original: Original,
    answers: _Answers,
    rows: Rows,
    truth: _Answers,
) -> None:
    """Compare evenly spread rows of the caller's and of the generated ones."""
    if wasm.node() is None:
        report.engines["webassembly"] = "not checked: no Node 20 or newer was found"
        return
    own = original.form.values()
    try:
        with wasm.WasmEngine(graph, stages) as engine:
            jumps = _Jumps(report, rows, truth, original)
            for columns, expected, generated in ((own, answers, False), (rows.columns(), truth, True)):
                batch = encoded(contract, columns)
                for piece in _pieces(np.flatnonzero(batch.good)):
                    got = engine.run({name: array[piece] for name, array in batch.tensors.items()}, list(expected))
                    wanted = {name: array[piece] for name, array in expected.items()}
                    if generated:
                        wanted = jumps.beyond(piece, wanted, got)
                    shown = {name: [values[i] for i in piece.tolist()] for name, values in columns.items()}
                    report.add(["webassembly"] * len(piece), shown, wanted, got)
        report.engines["webassembly"] = f"onnxruntime-web {wasm.version()}"
    except SealError as error:
        report.engines["webassembly"] = f"does not run: {error.what}"


def _pieces(usable: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    picked = usable[:: max(1, -(-len(usable) // _ROWS))]
    for start in range(0, len(picked), _PIECE):
        yield picked[start : start + _PIECE]


@dataclass(frozen=True)
class _Jumps:
    """Rows on thresholds, which are pairs of neighbouring doubles with a jump of the answer at or beside them.

    Where the compared number is a sum of products, engines differ in its last digit, and so in between which doubles
    the jump comes. Natively all sides were compared already; here each such row is counted and told in the evidence.
    """

    report: Report
    rows: Rows
    truth: _Answers
    original: Original

    def beyond(
        self, piece: npt.NDArray[np.intp], wanted: dict[str, npt.NDArray[Any]], got: _Answers
    ) -> dict[str, npt.NDArray[Any]]:
        """`wanted`, with a neighbour's answer for a row on a threshold where this engine gave exactly that."""
        same = np.ones(len(piece), dtype=np.bool_)
        for name, expected in wanted.items():
            same &= matches(got[name], expected, self.report.tolerance.get(name))[0]
        changed = {name: array.copy() for name, array in wanted.items()}
        for k in np.flatnonzero(~same).tolist():
            mine = {name: got[name][k : k + 1] for name in wanted}
            found = next((each for each in self._near(int(piece[k])) if self._equal(mine, each)), None)
            if found is not None:
                for name, answer in found.items():
                    changed[name][k] = answer[0]
                self.report.jumped.append(int(piece[k]))
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
                yield from self._beside(row, moved[0])

    def _beside(self, row: int, field: int) -> Iterator[dict[str, npt.NDArray[Any]]]:
        here = np.array([self.rows.rows[row][field]], dtype=np.float64)
        steps = 2 ** np.arange(_DOUBLES)
        # A double's bits, read as a whole number, count the doubles.
        near = (here.view(np.int64) + np.concatenate([steps, -steps])).view(np.float64)
        near = near[np.isfinite(near)]
        cells = zip(self.rows.names, self.rows.rows[row], strict=True)
        columns: dict[str, Any] = {name: [cell] * len(near) for name, cell in cells}
        columns[self.rows.names[field]] = near.tolist()
        if self.original.accepts(columns):
            answers = self.original.answer_columns(columns)
            yield from ({name: found[i : i + 1] for name, found in answers.items()} for i in range(len(near)))

    def _on_threshold(self, row: int, other: int) -> bool:
        kinds = self.rows.kinds
        return 0 <= other < len(kinds) and kinds[row] == kinds[other] == "thresholds"

    def _equal(self, mine: _Answers, theirs: _Answers) -> bool:
        tolerance = self.report.tolerance
        return all(bool(matches(mine[name], theirs[name], tolerance.get(name))[0].all()) for name in mine)
