"""The proof in further engines, where they can run: WebAssembly, the page's engine."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.errors import LimitError, PackError, SealError
from sealift.graph.split_model import SplitModel
from sealift.packing.inputs.columns import Values
from sealift.packing.probes.probe_rows import ProbeRows, encoded
from sealift.packing.proof.discontinuities import Discontinuities
from sealift.packing.proof.oracle import Original
from sealift.packing.proof.report import Report
from sealift.runtime.child import LostError
from sealift.runtime.engines.base import DOES_NOT_RUN, NATIVE, NOT_ASKED, NOT_CHECKED, EngineKind, engines
from sealift.stages import Stages

_ROWS, _PIECE, _THINNED = 1000, 256, 20
_LEAST, _WORK, _LENGTH = 16, 1 << 20, 64
_Answers = Mapping[str, npt.NDArray[Any]]


def further_engines() -> list[EngineKind]:
    """The engines except the native one."""
    return [engine for name, engine in engines().items() if name != NATIVE]


def compare_in(
    kind: EngineKind,
    report: Report,
    graph: SplitModel,
    stages: Stages,
    contract: Contract,
    original: Original,
    answers: _Answers,
    rows: ProbeRows,
    truth: _Answers,
    chosen: Collection[str] | None = None,
) -> None:
    """Compare an evenly spaced sample of the caller's rows, and one of the generated rows.

    Args:
        kind: the engine.
        report: the results are added to it.
        graph, stages, contract: the sealed model.
        original, answers: the original, and its answers to the caller's rows.
        rows, truth: the generated rows, and the original's answers to them.
        chosen: the names of the engines to prove with; None for every engine that can run here.

    Raises:
        PackError: E310 when this proof was requested and cannot run, or its process ended twice.
    """
    if chosen is not None and kind.name not in chosen:
        report.engines[kind.key] = NOT_ASKED
        return
    unavailable = kind.unavailable()
    if unavailable is not None:
        if chosen is not None:
            raise _cannot_prove(kind, *unavailable)
        report.engines[kind.key] = f"{NOT_CHECKED}{unavailable.reason}"
        return
    own = _thinned(original.input_rows.values(), answers)
    columns: list[tuple[Mapping[str, Any], _Answers]] = [own, (rows.columns(), truth)]
    try:
        answered = _answered(kind, graph, stages, contract, columns)
    except LostError as error:
        raise _cannot_prove(kind, error.what.rstrip("."), "Close other programs") from error
    except LimitError:
        raise
    except SealError as error:
        if chosen is not None:
            raise _cannot_prove(kind, error.what.rstrip("."), "Pack a simpler or smaller model") from error
        report.engines[kind.key] = f"{DOES_NOT_RUN}{error.what}"
        return
    jumps = Discontinuities(report, rows, truth, original)
    for (values, expected), pieces in zip(columns, answered, strict=True):
        for piece, got in pieces:
            truth_of_piece = {name: array[piece] for name, array in expected.items()}
            if values is columns[1][0]:
                truth_of_piece = jumps.adjusted(piece, truth_of_piece, got, kind.key)
            shown = {name: [column[i] for i in piece.tolist()] for name, column in values.items()}
            report.add([kind.key] * len(piece), shown, truth_of_piece, got)
    report.engines[kind.key] = kind.version()


def _answered(
    kind: EngineKind,
    graph: SplitModel,
    stages: Stages,
    contract: Contract,
    columns: Iterable[tuple[Mapping[str, Any], _Answers]],
) -> list[list[tuple[npt.NDArray[np.intp], _Answers]]]:
    """The answers in pieces; repeated once if the process ended, since another process may be the cause."""
    for last in (False, True):
        try:
            with kind.open(graph.serialized, stages, graph.weights) as engine:
                return [
                    [
                        (piece, engine.run({name: array[piece] for name, array in tensors.items()}, list(expected)))
                        for piece in _pieces(np.flatnonzero(good), _most_rows(graph))
                    ]
                    for expected, good, tensors in (
                        (expected, batch.good, batch.tensors)
                        for values, expected in columns
                        for batch in [encoded(contract, values)]
                    )
                ]
        except LostError:
            if last:
                raise
    raise AssertionError


def _cannot_prove(kind: EngineKind, reason: str, remedy: str) -> PackError:
    return PackError(
        "E310",
        f"The proof in {kind.title} cannot run: {reason}.",
        fix=f"{remedy}; or leave this proof out with proof=ProofOptions(engines=('native',)) (--engines native).",
    )


def _thinned(columns: Mapping[str, Values], answers: _Answers) -> tuple[Mapping[str, Values], _Answers]:
    """An evenly spaced sample of a long table, larger than the number of rows compared."""
    step = max(1, len(next(iter(columns.values()))) // (_THINNED * _ROWS))
    if step == 1:
        return columns, answers
    return {name: v[::step] for name, v in columns.items()}, {name: a[::step] for name, a in answers.items()}


def _most_rows(graph: SplitModel) -> int:
    """The number of rows to compare: fewer for a net of arrays, by the size of a row and of the weights.

    An image takes a tenth of a second or more.
    """
    shapes = [value.type.tensor_type.shape.dim for value in graph.proto.graph.input]
    cells = sum(math.prod(size.dim_value or _LENGTH for size in list(shape)[1:]) for shape in shapes if len(shape) > 2)
    if not cells:
        return _ROWS
    weights = sum(graph.sizes.values()) / (1 << 20) + 1
    return int(min(_ROWS, max(_LEAST, _WORK / (cells * weights))))


def _pieces(usable: npt.NDArray[np.intp], most: int = _ROWS) -> Iterator[npt.NDArray[np.intp]]:
    """Evenly spaced rows, as many as `most`, in pieces."""
    picked = usable[:: max(1, -(-len(usable) // most))]
    size = _PIECE if most == _ROWS else _LEAST
    for start in range(0, len(picked), size):
        yield picked[start : start + size]
