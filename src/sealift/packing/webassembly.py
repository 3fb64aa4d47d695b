"""The proof in the page's own engine, where Node is there to run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.errors import SealError
from sealift.packing.jumps import Jumps
from sealift.packing.original import Original
from sealift.packing.parity import Report
from sealift.packing.rows import Rows, encoded
from sealift.runtime import wasm
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
            jumps = Jumps(report, rows, truth, original)
            for columns, expected, generated in ((own, answers, False), (rows.columns(), truth, True)):
                batch = encoded(contract, columns)
                for piece in _pieces(np.flatnonzero(batch.good)):
                    got = engine.run({name: array[piece] for name, array in batch.tensors.items()}, list(expected))
                    wanted = {name: array[piece] for name, array in expected.items()}
                    if generated:
                        wanted = jumps.beyond(piece, wanted, got, "webassembly")
                    shown = {name: [values[i] for i in piece.tolist()] for name, values in columns.items()}
                    report.add(["webassembly"] * len(piece), shown, wanted, got)
        report.engines["webassembly"] = f"onnxruntime-web {wasm.version()}"
    except SealError as error:
        report.engines["webassembly"] = f"does not run: {error.what}"


def _pieces(usable: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    picked = usable[:: max(1, -(-len(usable) // _ROWS))]
    for start in range(0, len(picked), _PIECE):
        yield picked[start : start + _PIECE]
