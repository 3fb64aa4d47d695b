"""The proof: compare the graph with the original on the caller's rows and on all generated rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.contract.numbers import exponential
from sealift.contract.outputs import output_kind
from sealift.errors import PackError, ParityError
from sealift.frameworks import Conversion
from sealift.graph.split_model import SplitModel
from sealift.packing.convert import Converted
from sealift.packing.inputs.columns import picked
from sealift.packing.options import Options
from sealift.packing.outputs import packing_of
from sealift.packing.probes import special_values
from sealift.packing.probes.probe_rows import ROUNDED, ProbeRows, encoded
from sealift.packing.progress import Countdown, Progress
from sealift.packing.proof.discontinuities import Discontinuities, only_jumps
from sealift.packing.proof.further_engines import compare_in, further_engines
from sealift.packing.proof.locate import DifferingPart, faulty_part, faulty_step
from sealift.packing.proof.opening import opened
from sealift.packing.proof.oracle import Original
from sealift.packing.proof.report import Report, Worst, policy, tolerances
from sealift.packing.proof.text_refusals import compare_refusals
from sealift.runtime import AnyEngine, Tolerance
from sealift.runtime.engines.base import DOES_NOT_RUN
from sealift.stages import Stages

_SINGLE_ROWS = 4
_BATCHES = (2, 7, 32)
_MOST_ROWS, _LEAST_ROWS, _MOST_CELLS = 1 << 16, 1 << 10, 1 << 22
"""Bounds of the number of the caller's rows that are compared at once, to limit the memory."""


@dataclass(frozen=True)
class Proof:
    """The result of a proof that passed.

    Attributes:
        report: what was compared, and the differences.
        rows: the generated rows that the original answered.
        truth: its answers to them, by output name.
        tolerance: by how much an answer may differ, by output name.
        notes: notes for the packer.
    """

    report: Report
    rows: ProbeRows
    truth: Mapping[str, npt.NDArray[Any]]
    tolerance: Mapping[str, Tolerance]
    notes: list[str]


def prove(
    converted: Converted, contract: Contract, graph: SplitModel, probes: ProbeRows, options: Options, say: Progress
) -> Proof:
    """Compare the graph with the original on the caller's rows and on the generated ones, in each engine.

    Args:
        converted: the graph, the original, and its answers to the rows given.
        contract: the contract that the file will have.
        graph: the graph that the file will have.
        probes: the generated rows.
        options: the stated tolerance, and the engines to prove with.
        say: called with a sentence on the progress.

    Raises:
        PackError: E302 when the original's answers have another shape than the contract states.
        PackError: E310 when the proof in WebAssembly was requested and cannot run.
        ParityError: E303 when any answer differs, with the step at fault and the worst rows.
    """
    conversion, original, answers = converted.conversion, converted.original, converted.answers
    _check_shapes(conversion, contract, answers)
    stated = options.proof.tolerance
    default = policy(conversion)
    tolerance = tolerances(contract, answers, relative=default if stated is None else float(stated))
    stages = Stages.of(contract)
    engine = opened(graph, stages)
    report = Report(
        tolerance,
        policy=default,
        stated=None if stated is None else float(stated),
        times={f.name: f.dtype for f in contract.inputs if f.type.stands_for},
        kinds={output.name: output_kind(output) for output in contract.outputs},
        outputs={output.name: output for output in contract.outputs},
        decided={name: (contract.output(name), numbers) for name, numbers in conversion.decided.items()},
    )
    countdown = Countdown(say, "Verifying", len(original.input_rows) + 2 * len(probes))
    notes = _compare_own(report, engine, original, contract, answers, countdown)
    rows, truth = _accepted(original, probes)
    countdown.add(len(probes))
    report.refused = len(probes) - len(rows)
    if len(rows):
        is_exported = any(step.how == "exported" for step in conversion.steps)
        _compare_generated(report, engine, contract, original, rows, truth, is_exported=is_exported)
        countdown.add(len(probes))
        _compare_singles(report, engine, original, contract, rows)
        compare_refusals(report, original, contract, rows.rows[0])
    for kind in further_engines():
        if not report.passed:
            break
        say(f"Verifying in {kind.title}")
        compare_in(kind, report, graph, stages, contract, original, answers, rows, truth, options.proof.engines)
    if not report.passed:
        jumps = ROUNDED in probes.kinds and not report.misjudged
        on_jumps = jumps and only_jumps(report, engine, contract, original)
        raise _parity_error(report, conversion, contract, original, rows, on_jumps=on_jumps)
    fragile = _fragile(report, truth, len(rows))
    if report.jumped or fragile.any():
        # As examples they would fail on other machines.
        jumped = np.isin(np.arange(len(rows)), [row for indices in report.jumped.values() for row in indices])
        keep = ~(jumped | fragile) if not (jumped | fragile).all() else ~jumped
        rows, truth = rows.selected(keep.tolist()), {name: answers[keep] for name, answers in truth.items()}
    return Proof(report, rows, truth, tolerance, [*notes, *_notes(report)])


def _fragile(report: Report, truth: Mapping[str, npt.NDArray[Any]], count: int) -> npt.NDArray[np.bool_]:
    """The generated rows that are close to a tie."""
    fragile = np.zeros(count, dtype=np.bool_)
    if count:
        for name, (output, numbers) in report.decided.items():
            tolerance = report.tolerance[numbers]
            fragile |= packing_of(output.kind).is_fragile(output, truth[name], truth[numbers], tolerance)
    return fragile


def _notes(report: Report) -> list[str]:
    """Notes on the comparison for the packer."""
    notes = []
    if report.refused:
        notes.append(f"The original itself refuses {report.refused} generated rows that the contract accepts.")
    if "native" in report.jumped:
        notes.append(
            f"The trees compare results of functions or sums. For {len(report.jumped['native'])} of "
            f"{report.compared[ROUNDED]} generated rows exactly at their thresholds, the sealed file gives the answer "
            "that the original gives for an input at a relative distance of at most 1e-9."
        )
    for name, count in report.tied.items():
        if count:
            numbers = report.decided[name][1]
            notes.append(
                f"For {count} of {report.total} compared rows, {name!r:.80} differs from the original's, because the "
                f"numbers in {numbers!r:.80} that decide it are equal within the tolerance."
            )
    for name, sets in report.sets.items():
        if sets.different:
            notes.append(
                f"Of {sets.compared:,} {sets.unit} of {name!r:.80}, {sets.different:,} differ from the original's, "
                "because the numbers that decide them are equal within the tolerance."
            )
    for kind in further_engines():
        outcome = report.engines.get(kind.key, "")
        if outcome.startswith(DOES_NOT_RUN):
            notes.append(f"{kind.consequence}: in {kind.title} it {outcome}")
    if report.stated is not None and report.stated > report.policy and report.tolerance:
        worst = max(report.worst[name] for name in report.tolerance)
        notes.append(
            f"Looser tolerance: the packer allowed a relative difference of {exponential(report.stated)}, "
            f"and the default is {exponential(report.policy)}; the largest difference was {worst:.1e}."
        )
    return notes


def _check_shapes(conversion: Conversion, contract: Contract, answers: Mapping[str, npt.NDArray[Any]]) -> None:
    """A file whose answers are wider than its contract says would be refused by its own reader."""
    for output in contract.outputs:
        shape = answers[output.name].shape[1:]
        fits = len(shape) == len(output.axes) and all(b in (None, a) for a, b in zip(shape, output.axes, strict=True))
        if not fits:
            raise PackError(
                "E302",
                f"The original gives {_spelled(shape)} of {output.name!r}, and the converted model "
                f"{_spelled(output.axes)}.",
                where=conversion.steps[-1].source.kind,
                fix="Train it on rows of two classes or more; if it was, report the model's type and parameters.",
            )


def _spelled(shape: tuple[int | None, ...]) -> str:
    """The shape of one answer in words."""
    if len(shape) < 2:
        return f"{shape[0] if shape else 1} columns"
    return f"answers of the shape {' × '.join('any' if size is None else str(size) for size in shape)}"


def _accepted(original: Original, rows: ProbeRows) -> tuple[ProbeRows, dict[str, npt.NDArray[Any]]]:
    """The rows that the original answers, and its answers; rows with and without missing values in separate calls.

    One missing value turns a column of integers into floats, and then 1 // 0 is infinite in all of its rows. Rows at
    special values are also separate: most rows with a logarithm of 0 are refused, and finding these takes many calls.
    """
    with_missing = np.array([None in row for row in rows.rows])
    special = np.array([kind == special_values.KIND for kind in rows.kinds])
    good = np.zeros(len(rows), dtype=np.bool_)
    collected: dict[str, npt.NDArray[Any]] = {}
    groups = [np.flatnonzero((with_missing == a) & (special == b)) for a in (True, False) for b in (False, True)]
    for places in groups:
        if not len(places):
            continue
        part = rows.selected(np.isin(np.arange(len(rows)), places).tolist())
        accepted, answered = original.accepted(part.columns())
        good[places] = accepted
        for name, answers in answered.items():
            whole = collected.setdefault(name, np.empty((len(rows), *answers.shape[1:]), dtype=answers.dtype))
            whole[places[accepted]] = answers
    return rows.selected(good.tolist()), {name: answers[good] for name, answers in collected.items()}


def _compare_own(
    report: Report,
    engine: AnyEngine,
    original: Original,
    contract: Contract,
    answers: Mapping[str, npt.NDArray[Any]],
    countdown: Countdown,
) -> list[str]:
    """Compare the caller's rows; those that the caller's own contract refuses are counted in the returned note.

    Raises:
        PackError: E305 when the contract refuses them all.
    """
    lost, problem = 0, None
    size = max(_LEAST_ROWS, min(_MOST_ROWS, _MOST_CELLS // len(contract.inputs)))
    for start in range(0, len(original.input_rows), size):
        block = slice(start, start + size)
        own = {name: values[block] for name, values in original.input_rows.values().items()}
        batch = encoded(contract, own)
        unread = sorted({each.row - 1 for each in batch.problems if each.code == "R108"})
        if unread:  # the original answered these rows
            rows = picked(own, np.isin(np.arange(len(batch)), unread))
            report.add_refusals("caller", rows, [False] * len(unread), [True] * len(unread))
        lost += len(batch) - int(batch.good.sum()) - len(unread)
        problem = problem or next((each for each in batch.problems if each.code != "R108"), None)
        if batch.good.any():
            rows = own if batch.good.all() else picked(own, batch.good)
            mine = {name: array[block][batch.good] for name, array in answers.items()}
            report.add(["caller"] * int(batch.good.sum()), rows, mine, engine.run(batch.only_good()))
        countdown.add(len(batch))
    if lost == len(original.input_rows):
        assert problem is not None
        raise PackError(
            "E305",
            f"The contract refuses every row of X, the first one because {problem.message}",
            where=f"column {problem.field!r:.80}",
            fix="Correct the description of this input in `fields`, or the rows.",
        )
    counted = f"{lost} of the {len(original.input_rows)} rows given are refused by the contract and were not compared."
    return [counted] * bool(lost)


def _compare_generated(
    report: Report,
    engine: AnyEngine,
    contract: Contract,
    original: Original,
    rows: ProbeRows,
    answers: Mapping[str, npt.NDArray[Any]],
    *,
    is_exported: bool = False,
) -> None:
    tensors = encoded(contract, rows.columns()).tensors
    got = engine.run(tensors)
    truth = Discontinuities(report, rows, answers, original).adjusted(np.arange(len(rows)), answers, got, "native")
    report.add(rows.kinds, rows.columns(), truth, got)
    # A single row must give the same answer as in a batch.
    few = [i for i, kind in enumerate(rows.kinds) if kind != ROUNDED]
    few = few[:: max(1, len(few) // 10)]
    answers_to_each = [engine.run({name: array[i : i + 1] for name, array in tensors.items()}) for i in few]
    single = {name: np.concatenate([one[name] for one in answers_to_each]) for name in truth}
    columns = {name: [values[i] for i in few] for name, values in rows.columns().items()}
    report.add(["single"] * len(few), columns, {name: array[few] for name, array in truth.items()}, single)
    # An exporter can fix the number of rows of its example somewhere in the graph.
    for size in _BATCHES if is_exported else ():
        part = slice(0, size)
        shown = {name: values[part] for name, values in rows.columns().items()}
        got = engine.run({name: array[part] for name, array in tensors.items()})
        report.add([f"{size} rows"] * len(got[next(iter(got))]), shown, {n: a[part] for n, a in truth.items()}, got)


def _compare_singles(
    report: Report, engine: AnyEngine, original: Original, contract: Contract, rows: ProbeRows
) -> None:
    """Compare with the original on single rows: an answer that depends on other rows, or on their number, differs.

    Plausible rows only: at a threshold of a sum of products, the original's sum may round differently for a single row.
    """
    usual = [i for i, kind in enumerate(rows.kinds) if kind == "plausible"]
    for i in usual[:: max(1, len(usual) // _SINGLE_ROWS)][:_SINGLE_ROWS]:
        columns = {name: [value] for name, value in zip(rows.names, rows.rows[i], strict=True)}
        expected = original.tried(columns)
        if expected is not None:
            got = engine.run(encoded(contract, columns).tensors)
            # SparsePCA gives a vector for a single row.
            truth = {n: a.reshape(got[n].shape) if a.size == got[n].size else a for n, a in expected.items()}
            report.add(["original alone"], columns, truth, got)


def _parity_error(
    report: Report, conversion: Conversion, contract: Contract, original: Original, rows: ProbeRows, *, on_jumps: bool
) -> ParityError:
    own = {column.name: column.values for column in original.input_rows.columns}
    both = {name: [*values, *own[name]] for name, values in rows.columns().items()}
    report.step = faulty_step(conversion, encoded(contract, both).only_good())
    inside = ""
    for shown in report.rows:
        faulty = _faulty_part(report, conversion, contract, shown)
        if faulty is not None:
            report.step, report.part, inside = report.step or faulty.step, faulty.name, f"{faulty.sentence} "
            break
    differing = {name: count for name, count in report.different.items() if count}
    listed = ", ".join(
        [f"{count} of {report.total} rows in {name!r}" for name, count in differing.items()]
        + [f"{report.misjudged} rows are refused by only one of the two"] * bool(report.misjudged)
    )
    worst = "; ".join(report.lines()[:3])
    cause, remedy = _cause(report, conversion, original) or ("", "")
    return ParityError(
        f"The converted model answers differently from the original: {listed}. {inside}{cause}Worst: {worst}.",
        where=report.step or conversion.steps[-1].source.kind,
        fix="No file was written. "
        + (
            remedy
            if remedy
            else "The rows lie exactly at thresholds of computed numbers, such as logarithms or sums, whose last digit "
            "depends on the processor. Round these numbers: add FunctionTransformer(np.round, "
            "kw_args={'decimals': 10}) after the step that computes them, and train again."
            if on_jumps
            else "Replace the step named above, or state a looser tolerance (ProofOptions, --tolerance) if the "
            "difference is harmless; please report the model's type and parameters."
        ),
        report=report,
    )


def _faulty_part(report: Report, conversion: Conversion, contract: Contract, worst: Worst) -> DifferingPart | None:
    """The first part of the model that differs for one of the worst rows."""
    batch = encoded(contract, {name: [value] for name, value in worst.row.items()})
    relative = report.policy if report.stated is None else report.stated
    return faulty_part(conversion, batch.only_good(), relative) if batch.good.all() else None


def _cause(report: Report, conversion: Conversion, original: Original) -> tuple[str, str] | None:
    """Why the answers differ, in a sentence, and the remedy; None if that is not known."""
    mixed = [column.name for column in original.input_rows.columns if column.two_nulls]
    if mixed and any(worst.row.get(name) is None for worst in report.rows for name in mixed):
        return (
            f"The column {mixed[0]!r:.80} has both None and NaN where a value is missing, and the model answers them "
            "differently; a table file does not distinguish them. ",
            "Use one of them, in training too: X['s'] = X['s'].where(X['s'].notna(), np.nan).",
        )
    step = next((step for step in conversion.steps if step.path == report.step), None)
    known = None if step is None else step.source.explain()
    return None if known is None else (f"{known[0]}. ", known[1])
