"""The trial of one variant: its answers compared with the expected ones, and its times, in each engine."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.contract.outputs import Tolerance, output_kind
from sealift.contract.outputs.tolerance import LOOSEST
from sealift.errors import SealiftError
from sealift.graph.split_model import SplitModel
from sealift.packing.describe.metrics import metrics
from sealift.runtime.child import LostError
from sealift.runtime.engines.base import EngineKind
from sealift.stages import Stages

_PIECE, _TIMED, _SECONDS = 256, 15, 2.0
_Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class TrialRows:
    """The rows of the trials.

    Attributes:
        tensors: their values as tensors, N rows.
        expected: output name → the answers that a variant must give, N rows.
        truth: the true answers of all rows but the first `examples`; None where they are not known.
        examples: the number of golden examples, which are the first rows.
    """

    tensors: _Arrays
    expected: _Arrays
    truth: npt.NDArray[Any] | None
    examples: int

    def __len__(self) -> int:
        return len(next(iter(self.expected.values())))

    def followed_by(self, tensors: _Arrays, answers: _Arrays, truth: npt.NDArray[Any] | None) -> TrialRows:
        """These examples, followed by other rows."""
        return TrialRows(
            {name: np.concatenate([array, tensors[name]]) for name, array in self.tensors.items()},
            {name: np.concatenate([array, answers[name]]) for name, array in self.expected.items()},
            truth,
            self.examples,
        )

    def unusual(self) -> npt.NDArray[np.bool_]:
        """Which rows (N,) have a missing or infinite number, or one far outside the range of the rows that are given.

        Far is more than the width of that range. Without such rows, the examples take their place.
        """
        odd = np.zeros(len(self), dtype=np.bool_)
        for array in self.tensors.values():
            if array.dtype.kind != "f" or not array[:1].size:
                continue
            numbers = array.reshape(len(self), -1)
            odd |= ~np.isfinite(numbers).all(axis=1)
            given = numbers[self.examples :] if len(self) > self.examples else numbers
            given = given[np.isfinite(given).all(axis=1)]
            if len(given):
                low, high = given.min(), given.max()
                with np.errstate(invalid="ignore", over="ignore"):
                    odd |= ((numbers < 2 * low - high) | (numbers > 2 * high - low)).any(axis=1)
        return odd

    def pieces(self) -> Iterator[_Arrays]:
        """The tensors in pieces of some rows."""
        for start in range(0, len(self), _PIECE):
            yield {name: array[start : start + _PIECE] for name, array in self.tensors.items()}


@dataclass
class Outcome:
    """What a trial measured.

    Attributes:
        milliseconds: engine → the median time of a single row.
        flips: rows in which a label, a part such as a box, or another answer that must be equal differs in any engine.
        odd: those of them with missing or extreme values (`TrialRows.unusual`).
        worst: output → the largest difference in any engine, in units of the magnitude of its tolerance.
        metrics: the quality of the answers, where the true ones are known.
        reason: why the variant is not offered; empty where it is.
    """

    milliseconds: dict[str, float] = field(default_factory=dict)
    flips: int = 0
    odd: int = 0
    worst: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    reason: str = ""


def tried(
    graph: SplitModel,
    contract: Contract,
    stages: Stages,
    rows: TrialRows,
    tolerance: Mapping[str, Tolerance],
    engines: Sequence[EngineKind],
) -> Outcome:
    """Run a variant in each engine; nothing that it does raises an error.

    Args:
        graph: the variant.
        contract, stages: those of the sealed model.
        rows: the rows, and the expected answers.
        tolerance: output → the tolerance of the sealed model, whose magnitudes differences refer to.
        engines: the engines in which the sealed model runs.
    """
    outcome = Outcome()
    for kind in engines:
        try:
            with kind.open(graph.serialized, stages, graph.weights) as session:
                names = list(rows.expected)
                answered = [session.run(piece, names) for piece in rows.pieces()]
                got = {name: np.concatenate([np.asarray(piece[name]) for piece in answered]) for name in names}
                _compare(outcome, contract, got, rows, tolerance)
                if kind is engines[0] and rows.truth is not None:
                    own = {name: array[rows.examples :] for name, array in got.items()}
                    outcome.metrics = metrics(contract, own, rows.truth)
                single = {name: array[:1] for name, array in rows.tensors.items()}
                outcome.milliseconds[kind.key] = _median(lambda: session.run(single, names))  # noqa: B023 - run now
        except (SealiftError, LostError) as error:
            what = error.what if isinstance(error, SealiftError) else str(error)
            outcome.reason = f"It does not run in {kind.title}: {what.rstrip('.')}."
            return outcome
    outcome.reason = _refused(outcome, contract, len(rows))
    return outcome


def _compare(
    outcome: Outcome, contract: Contract, got: _Arrays, rows: TrialRows, tolerance: Mapping[str, Tolerance]
) -> None:
    expected = rows.expected
    differing = np.zeros(len(next(iter(expected.values()))), dtype=np.bool_)
    for output in contract.outputs:
        kind, name = output_kind(output), output.name
        if got[name].shape != expected[name].shape:
            outcome.worst[name] = math.inf
            continue
        allowed = tolerance.get(name)
        if kind.has_parts and allowed is not None:
            allowed = Tolerance(LOOSEST / MARGIN, allowed.scale)
        same, worst = kind.compare_as(output, got[name], expected[name], allowed)
        if kind.has_tolerance(output) and not (kind.has_parts and not same.all()):
            outcome.worst[name] = max(outcome.worst.get(name, 0.0), worst)
        if kind.has_parts or not kind.has_tolerance(output):
            differing |= ~same
    if differing.sum() > outcome.flips:
        outcome.flips, outcome.odd = int(differing.sum()), int((differing & rows.unusual()).sum())


def _refused(outcome: Outcome, contract: Contract, rows: int) -> str:
    if outcome.flips:
        has_parts = any(output_kind(output).has_parts for output in contract.outputs)
        what = "Labels, or parts of answers such as boxes," if has_parts else "Labels"
        odd = f", {outcome.odd:,} of them with missing or extreme values, which the contract may refuse"
        return f"{what} differ in {outcome.flips:,} of {rows:,} rows{odd if outcome.odd else ''}."
    name, worst = max(outcome.worst.items(), key=lambda item: item[1], default=("", 0.0))
    if not worst <= LOOSEST / MARGIN:
        return f"Answers of {name!r:.40} differ by {worst:.2g}; at most {LOOSEST / MARGIN:g} is permitted."
    return ""


MARGIN = 2.0
"""The tolerance of a variant, divided by its largest difference: other machines round otherwise."""


def _median(run: Any) -> float:
    """The median time of a call in milliseconds; the first call, which is slower, is not counted."""
    run()
    times: list[float] = []
    until = time.perf_counter() + _SECONDS
    while len(times) < _TIMED and (not times or time.perf_counter() < until):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000
