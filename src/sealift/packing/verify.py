"""The proof run: the graph against the original on the caller's rows and on every generated edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Field
from sealift.convert import Conversion
from sealift.errors import PackError, ParityError
from sealift.packing import texts, thresholds
from sealift.packing.examples import Reference
from sealift.packing.locate import faulty_step
from sealift.packing.original import Original
from sealift.packing.parity import Report
from sealift.packing.rows import Rows, edges, encoded
from sealift.packing.webassembly import compare_in_webassembly
from sealift.runtime import Engine, Tolerance
from sealift.stats import Sketch
from sealift.text import Stages


@dataclass(frozen=True)
class Proof:
    """The report, the generated rows that the original answered, its answers by output name, and what to know."""

    report: Report
    rows: Rows
    truth: Mapping[str, npt.NDArray[Any]]
    notes: list[str]


def prove(
    conversion: Conversion,
    original: Original,
    contract: Contract,
    graph: bytes,
    answers: Mapping[str, npt.NDArray[Any]],
    sketches: Sequence[Sketch],
    reference: Reference,
    tolerance: dict[str, Tolerance],
) -> Proof:
    """Compare `graph` with the original on the caller's rows, on plausible ones and on every edge.

    Raises:
        ParityError: E303 when any answer differs, with the step at fault and the worst rows.
    """
    generated = Rows([f.name for f in contract.inputs])
    plausible = reference.plausible(contract)
    generated.add("plausible", plausible)
    generated.extend(edges(contract, sketches, plausible))
    generated.extend(texts.odd_rows(contract, reference.words, plausible))
    spans = [_span(f) for f in contract.inputs]
    generated.extend(thresholds.threshold_rows(conversion, contract, plausible, spans))
    stages = Stages.of(contract)
    engine = Engine(graph, stages=stages)
    report = Report(tolerance)
    notes = _compare_own(report, engine, original, contract, answers)
    good = original.accepted(generated.columns())
    report.refused = int((~good).sum())
    rows = generated.kept(good.tolist())
    truth = original.answer_columns(rows.columns()) if len(rows) else {}
    if len(rows):
        _compare_generated(report, engine, contract, rows, truth)
    if report.passed:
        compare_in_webassembly(report, graph, stages, contract, original, answers, rows, truth)
    if not report.passed:
        raise _parity_error(report, conversion, contract, original, rows)
    if report.refused:
        notes.append(f"The original itself refuses {report.refused} generated rows that the contract lets through.")
    return Proof(report, rows, truth, notes)


def _compare_own(
    report: Report,
    engine: Engine,
    original: Original,
    contract: Contract,
    answers: Mapping[str, npt.NDArray[Any]],
) -> list[str]:
    """The caller's rows, but for those that the contract as the caller tightened it refuses; a note on those.

    Raises:
        PackError: E305 when the contract refuses them all.
    """
    own = original.form.values()
    batch = encoded(contract, own)
    if not batch.good.any():
        problem = batch.problems[0]
        raise PackError(
            "E305",
            f"The contract refuses every row of X, the first one because {problem.message}",
            where=f"column {problem.field!r:.80}",
            fix="Correct what `fields` says of this input, or the rows.",
        )
    rows = own
    if not batch.good.all():
        rows = {name: [v for v, good in zip(values, batch.good, strict=True) if good] for name, values in own.items()}
    mine = {name: array[batch.good] for name, array in answers.items()}
    report.add(["caller"] * int(batch.good.sum()), rows, mine, engine.run(batch.only_good()))
    lost = len(batch) - int(batch.good.sum())
    return [f"{lost} of the {len(batch)} rows given are refused by the contract and were not compared."] * bool(lost)


def _compare_generated(
    report: Report, engine: Engine, contract: Contract, rows: Rows, truth: Mapping[str, npt.NDArray[Any]]
) -> None:
    tensors = encoded(contract, rows.columns()).tensors
    report.add(rows.kinds, rows.columns(), truth, engine.run(tensors))
    # A row alone must answer as it does among many.
    few = list(range(0, len(rows), max(1, len(rows) // 10)))
    alone = [engine.run({name: array[i : i + 1] for name, array in tensors.items()}) for i in few]
    single = {name: np.concatenate([one[name] for one in alone]) for name in truth}
    columns = {name: [values[i] for i in few] for name, values in rows.columns().items()}
    report.add(["single"] * len(few), columns, {name: array[few] for name, array in truth.items()}, single)


def _parity_error(
    report: Report, conversion: Conversion, contract: Contract, original: Original, rows: Rows
) -> ParityError:
    own = {column.name: column.values for column in original.form.columns}
    both = {name: [*values, *own[name]] for name, values in rows.columns().items()}
    report.step = faulty_step(conversion, encoded(contract, both).only_good())
    differing = {name: count for name, count in report.different.items() if count}
    listed = ", ".join(f"{count} of {report.total} rows in {name!r}" for name, count in differing.items())
    worst = "; ".join(report.lines()[:3])
    return ParityError(
        f"The converted model answers differently from the original: {listed}. Worst: {worst}.",
        where=report.step or type(conversion.steps[-1].estimator).__name__,
        fix="No file was written. Replace the step named above, or state a looser tolerance= if the difference is "
        "harmless; please report the model's type and parameters.",
        report=report,
    )


def _span(f: Field) -> tuple[float, float]:
    """Where to look for a threshold: far beyond what was observed."""
    low, high = f.observed or (-1e6, 1e6)
    width = high - low or abs(high) or 1.0
    return low - 5 * width, high + 5 * width
