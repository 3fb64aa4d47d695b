"""`doctor`: convert a model to the end, whatever steps are refused, and report every obstacle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealift.contract import Contract, Field, Output
from sealift.contract.outputs import output_kind
from sealift.contract.outputs.value import VALUE
from sealift.errors import LimitError, PackError
from sealift.frameworks import Conversion, Source, Step, StepOutput, Table, apply, source_of
from sealift.frameworks.conversion import finished
from sealift.graph.context import ConversionContext
from sealift.graph.table import input_table
from sealift.packing import convert
from sealift.packing.describe import fields as fielding
from sealift.packing.doctor.diagnosis import Diagnosis, Examined, Obstacle
from sealift.packing.doctor.guess import guessed
from sealift.packing.doctor.placeholders import Placeholders
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.dataset import Dataset, truth_of
from sealift.packing.inputs.detect import read_rows
from sealift.packing.privacy.detect import strings_held
from sealift.packing.privacy.findings import Finding
from sealift.packing.privacy.survey import Survey
from sealift.packing.probes.probe_rows import encoded
from sealift.packing.proof.locate import faulty_step
from sealift.packing.proof.oracle import Original
from sealift.packing.proof.replay import replayed, run
from sealift.packing.proof.report import Report, tolerances
from sealift.packing.untrusted import within_limits

_MOST = 500
_GUESSED = (
    "Without rows, the columns' types were inferred from the attributes of the fitted model. Give some rows "
    "(--data, or doctor(model, X)) for an exact diagnosis."
)
_UNREADABLE = (
    "The rows given could not be read, so the columns' types were inferred from the attributes of the fitted model. "
    "Correct the rows as stated above for an exact diagnosis."
)


@within_limits
def doctor(model: Any, X: Any = None, y: Any = None) -> Diagnosis:
    """Report which steps of a fitted model can be packed, which cannot, and the remedies, all at once.

    It also reports training data that the model holds. Nothing is written, and no answer is proved; `pack` does both.

    Args:
        model: a fitted model or the path of a model file, as `pack` takes it.
        X: some rows as the model takes them. Without them, only what the fitted attributes show is reported. Training
            rows show what the model retains of them.
        y: their true answers; the values that the model retains are compared with them too.

    Returns:
        The diagnosis. It prints as a table, and is displayed as one in notebooks.

    Raises:
        PackError: E304 for what is no model at all, E305 when X has no rows or other columns than the model, or y does
            not fit X.
        ContractError: E104 when X is no table.
    """
    source = source_of(model)
    obstacles: list[Obstacle] = []
    try:
        source.check()
    except PackError as error:
        if error.code not in ("E301", "E302"):
            raise
        notes = ["Nothing can be examined before it is fitted."] if error.code == "E301" else []
        return Diagnosis((), [_obstacle(error)], notes=notes)
    input_rows = None if X is None else _form(X, source, obstacles)
    truth = None if input_rows is None else truth_of(y, len(input_rows))
    if input_rows is None:
        fields, columns = guessed(source)
        nulls: Mapping[str, float | None] = {}
        seen = None
    else:
        fields = fielding.infer(input_rows, fielding.sketch(input_rows))
        columns = {column.name: list(column.values[:_MOST]) for column in input_rows.columns}
        nulls, seen = input_rows.nulls, input_rows.seen
    contract = Contract(
        inputs=tuple(fields), outputs=(Output(name=VALUE.name, kind=VALUE.name, dtype="float64"),), task="regression"
    )
    tensors = encoded(contract, columns).only_good()
    placeholders = Placeholders(tensors)
    context = ConversionContext(on_unsupported=placeholders)
    dtypes = {} if input_rows is None else input_rows.dtypes
    every = fields if input_rows is None else convert.with_dropped(fields, input_rows)
    absent = {} if input_rows is None else {column.name: column.unfit for _, column in input_rows.dropped}
    answer = _applied(
        source,
        input_table(context, every, nulls, seen, dtypes, absent, sparse=input_rows is not None and input_rows.sparse),
        placeholders,
    )
    obstacles += [_obstacle(error) for error in placeholders.refused]
    agrees = None
    dropped: set[str] = set()
    retained: Sequence[Finding] = ()
    if answer is not None and not obstacles:
        try:
            conversion = finished(context, answer, source.kind)
            dropped = conversion.unused()
            if input_rows is not None:
                agrees = _compared(conversion, source, input_rows, fields, obstacles)
                retained = _retained(conversion, Dataset(input_rows, truth), fields)
        except PackError as error:
            obstacles.append(_obstacle(error))
    notes = [_GUESSED if X is None else _UNREADABLE] if input_rows is None else list(input_rows.notes)
    if input_rows is not None:
        notes += convert.notes_on_dropped(input_rows.without(dropped))
    if answer is None:
        notes.append("The steps after the refused ones could not be examined.")
    used = min(_MOST, len(input_rows or ()))
    return Diagnosis(_steps(context.steps, obstacles, tensors, input_rows), obstacles, used, agrees, notes, retained)


def _retained(conversion: Conversion, dataset: Dataset, fields: Sequence[Field]) -> list[Finding]:
    """What the file would retain of the rows."""
    input_rows = dataset.input_rows
    survey = Survey(input_rows, dataset.truth)
    graph = conversion.model()
    strings = strings_held(graph, conversion)
    inputs = fielding.with_categories(fields, conversion.steps, input_rows)
    constants = fielding.constants_of(conversion.steps)
    inputs, findings = fielding.without_rare(inputs, input_rows, strings, constants=constants)
    in_words = survey.words(conversion.stages)[1]
    findings += [*in_words, *survey.examine(graph, conversion, _contract(conversion, inputs), strings)]
    return list(survey.report(findings).findings)


def _contract(conversion: Conversion, fields: Sequence[Field]) -> Contract:
    return Contract(inputs=tuple(fields), outputs=conversion.outputs, task=conversion.task, stages=conversion.stages)


def _form(X: Any, source: Source, obstacles: list[Obstacle]) -> InputRows | None:
    """X as read; None when the model uses columns that no contract can have, all of which are reported."""
    try:
        input_rows = read_rows(X, source)
        unfit = convert.unfit_columns(source, input_rows)
    except PackError as error:
        if error.code != "E304":
            raise
        obstacles.append(_obstacle(error))
        return None
    obstacles += [_obstacle(column.unfit) for column in unfit if column.unfit is not None]
    return (
        None
        if unfit
        else input_rows.without([column.name for column in input_rows.columns if column.unfit is not None])
    )


def _applied(source: Source, table: Table, placeholders: Placeholders) -> StepOutput | None:
    try:
        return apply(source, table)
    except PackError as error:
        placeholders.remember(error)
        return None


def _compared(
    conversion: Conversion, source: Source, input_rows: InputRows, fields: Sequence[Field], obstacles: list[Obstacle]
) -> bool | None:
    """Whether the graph answers the caller's rows as the original does."""
    original = Original(source, input_rows, conversion.outputs)
    columns = {column.name: column.values[:_MOST] for column in input_rows.columns}
    contract = _contract(conversion, fields)
    batch = encoded(contract, columns)
    good = {name: [v for v, fine in zip(values, batch.good, strict=True) if fine] for name, values in columns.items()}
    try:
        # All rows: pack asks the model also for rows that the contract refuses, such as an infinity.
        truth = {name: answers[batch.good] for name, answers in original.answer_columns(columns).items()}
    except LimitError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        fix = "Make model.predict(X) work on these rows first."
        obstacles.append(
            Obstacle("E305", "", f"The model fails on the rows given: {type(error).__name__}: {reason}", fix)
        )
        return None
    tensors = batch.only_good()
    report = Report(
        tolerances(contract, truth, single=conversion.single, relative=None),
        kinds={output.name: output_kind(output) for output in contract.outputs},
    )
    report.add(
        ["caller"] * len(next(iter(truth.values()))), good, truth, run(conversion.graph, conversion.tensors, tensors)
    )
    if not report.passed:
        where = faulty_step(conversion, tensors)
        count = max(report.different.values())
        what = f"The converted step answers {count} of {int(batch.good.sum())} rows differently from the original."
        fix = "Does it depend on chance, the time or external state? If not, replace the step and report its type."
        obstacles.append(Obstacle("E303", where, what, fix))
    return report.passed


def _steps(
    steps: Sequence[Step], obstacles: list[Obstacle], tensors: Mapping[str, Any], input_rows: InputRows | None
) -> list[Examined]:
    """The steps, each after the one that encloses it."""
    bad = {obstacle.where for obstacle in obstacles}
    first: dict[str, Step] = {}
    for step in steps:
        first.setdefault(step.path, step)
    paths = [*first, *(where for where in sorted(bad) if where and " (" in where and where not in first)]
    order: dict[str, None] = {}
    for path in paths:
        order.update(dict.fromkeys(_above(path)))
    position = {path: i for i, path in enumerate(order)}
    listed = sorted(order, key=lambda path: [position[outer] for outer in _above(path)])
    result = []
    for path in listed:
        known = first.get(path)
        how = "refused" if path in bad or known is None else known.how
        result.append(Examined(path, how, how != "refused", _training_data(known, tensors, input_rows)))
    return result


def _above(path: str) -> list[str]:
    """The paths of the enclosing steps, and its own."""
    parts = path.split(" › ")
    return [" › ".join(parts[: i + 1]) for i in range(len(parts))]


def _training_data(step: Step | None, tensors: Mapping[str, Any], input_rows: InputRows | None) -> list[str]:
    if step is None:
        return []
    rows = None
    if input_rows is not None and step.source.learned.categories is not None:
        try:
            rows = replayed(step.table.graph, step.source, step.table, tensors)
        except Exception:  # then the categories are reported without counts
            rows = None
    return step.source.learned.sentences(rows)


def _obstacle(error: PackError) -> Obstacle:
    return Obstacle(error.code, error.where, error.what, error.fix)
