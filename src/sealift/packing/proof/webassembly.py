"""The proof in the page's own engine, where Node is there to run it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.errors import LimitError, PackError, SealError
from sealift.packing.inputs.columns import Values
from sealift.packing.probes.probe_rows import Rows, encoded
from sealift.packing.proof.discontinuities import Jumps
from sealift.packing.proof.oracle import Original
from sealift.packing.proof.report import Report
from sealift.runtime import wasm
from sealift.stages.text import Stages

_ROWS, _PIECE, _THINNED = 1000, 256, 20
NO_NODE = "not checked: no Node 20 or newer was found"

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
    engines: Collection[str] | None = None,
) -> None:
    """Compare evenly spread rows of the caller's and of the generated ones.

    Args:
        report: what was compared is added to it.
        graph, stages, contract: the sealed model.
        original, answers: the original, and its answers to the caller's rows.
        rows, truth: the generated rows, and the original's answers to them.
        engines: those to prove with; None for WebAssembly where Node is installed.

    Raises:
        PackError: E310 when this proof was asked for and cannot run, or was begun and its process ended twice.
    """
    if engines is not None and "wasm" not in engines:
        report.engines["webassembly"] = "not asked for"
        return
    if wasm.node() is None:
        if engines is not None:
            raise _cannot_prove("no Node 20 or newer was found, or the page was not built", "Install Node 20")
        report.engines["webassembly"] = NO_NODE
        return
    own = _thinned(original.form.values(), answers)
    columns: list[tuple[Mapping[str, Any], _Answers]] = [own, (rows.columns(), truth)]
    try:
        found = _answered(graph, stages, contract, columns)
    except wasm.LostError as error:
        raise _cannot_prove(error.what.rstrip("."), "Close other programs") from error
    except LimitError:
        raise
    except SealError as error:
        if engines is not None:
            raise _cannot_prove(error.what.rstrip("."), "Pack a simpler or smaller model") from error
        report.engines["webassembly"] = f"does not run: {error.what}"
        return
    jumps = Jumps(report, rows, truth, original)
    for (values, expected), pieces in zip(columns, found, strict=True):
        for piece, got in pieces:
            wanted = {name: array[piece] for name, array in expected.items()}
            if values is columns[1][0]:
                wanted = jumps.beyond(piece, wanted, got, "webassembly")
            shown = {name: [column[i] for i in piece.tolist()] for name, column in values.items()}
            report.add(["webassembly"] * len(piece), shown, wanted, got)
    report.engines["webassembly"] = f"onnxruntime-web {wasm.version()}"


def _answered(
    graph: bytes, stages: Stages, contract: Contract, columns: Iterable[tuple[Mapping[str, Any], _Answers]]
) -> list[list[tuple[npt.NDArray[np.intp], _Answers]]]:
    """The answers in pieces; once more from the start where the process ended, which may be another's doing."""
    for last in (False, True):
        try:
            with wasm.WasmEngine(graph, stages) as engine:
                return [
                    [
                        (piece, engine.run({name: array[piece] for name, array in tensors.items()}, list(expected)))
                        for piece in _pieces(np.flatnonzero(good))
                    ]
                    for expected, good, tensors in (
                        (expected, batch.good, batch.tensors)
                        for values, expected in columns
                        for batch in [encoded(contract, values)]
                    )
                ]
        except wasm.LostError:
            if last:
                raise
    raise AssertionError


def _cannot_prove(reason: str, remedy: str) -> PackError:
    return PackError(
        "E310",
        f"The proof in WebAssembly cannot run: {reason}.",
        fix=f"{remedy}; or leave this proof out with engines=('native',), --engines native on the command line.",
    )


def _thinned(columns: Mapping[str, Values], answers: _Answers) -> tuple[Mapping[str, Values], _Answers]:
    """Evenly spread rows of a long table, more than are compared."""
    step = max(1, len(next(iter(columns.values()))) // (_THINNED * _ROWS))
    if step == 1:
        return columns, answers
    return {name: v[::step] for name, v in columns.items()}, {name: a[::step] for name, a in answers.items()}


def _pieces(usable: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    picked = usable[:: max(1, -(-len(usable) // _ROWS))]
    for start in range(0, len(picked), _PIECE):
        yield picked[start : start + _PIECE]
