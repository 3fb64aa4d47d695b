"""The proof in the page's own engine, where Node is there to run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
            for columns, expected, kinds in ((own, answers, []), (rows.columns(), truth, rows.kinds)):
                batch = encoded(contract, columns)
                for piece in _pieces(np.flatnonzero(batch.good)):
                    got = engine.run({name: array[piece] for name, array in batch.tensors.items()}, list(expected))
                    wanted = {name: array[piece] for name, array in expected.items()}
                    if kinds:
                        wanted = _beyond_jumps(report, kinds, piece, wanted, expected, got)
                    shown = {name: [values[i] for i in piece.tolist()] for name, values in columns.items()}
                    report.add(["webassembly"] * len(piece), shown, wanted, got)
        report.engines["webassembly"] = f"onnxruntime-web {wasm.version()}"
    except SealError as error:
        report.engines["webassembly"] = f"does not run: {error.what}"


def _pieces(usable: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    picked = usable[:: max(1, -(-len(usable) // _ROWS))]
    for start in range(0, len(picked), _PIECE):
        yield picked[start : start + _PIECE]


def _beyond_jumps(
    report: Report,
    kinds: list[str],
    piece: npt.NDArray[np.intp],
    wanted: dict[str, npt.NDArray[Any]],
    truth: _Answers,
    got: _Answers,
) -> dict[str, npt.NDArray[Any]]:
    """`wanted`, with the neighbour's answer for a row on a threshold where this engine gave exactly that.

    Rows on thresholds are pairs of neighbouring doubles with a jump of the answer between them. Where the compared
    number is a sum of products, engines differ in its last digit, and so in which of the two the jump comes before.
    Natively both sides were compared already; here each such row is counted and told in the evidence.
    """
    tolerance = report.tolerance
    same = np.ones(len(piece), dtype=np.bool_)
    for name, expected in wanted.items():
        same &= matches(got[name], expected, tolerance.get(name))[0]
    changed = {name: array.copy() for name, array in wanted.items()}
    for k in np.flatnonzero(~same).tolist():
        row = int(piece[k])
        for other in (row - 1, row + 1):
            on_threshold = 0 <= other < len(kinds) and kinds[row] == kinds[other] == "thresholds"
            if on_threshold and all(
                matches(got[name][k : k + 1], truth[name][other : other + 1], tolerance.get(name))[0].all()
                for name in wanted
            ):
                for name in wanted:
                    changed[name][k] = truth[name][other]
                report.jumps += 1
                break
    return changed
