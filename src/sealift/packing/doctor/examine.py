"""`doctor`: the steps of `pack` up to the proof, continued after every refusal, and a report of all obstacles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sealift.errors import LimitError, PackError, ParityError, SealiftError
from sealift.frameworks import Conversion, Source, Step, source_of
from sealift.packing.bundles import unbundled
from sealift.packing.convert import Converted, ask_original, convert_model, notes_on_dropped, unfit_columns
from sealift.packing.describe import fields
from sealift.packing.describe.infer_contract import infer_contract
from sealift.packing.doctor.diagnosis import Diagnosis, Examined, Obstacle
from sealift.packing.doctor.guess import remembered_rows
from sealift.packing.doctor.pictures import BetterVariant, compared_variants
from sealift.packing.doctor.placeholders import MOST, Placeholders
from sealift.packing.heads.source import Heads, HeadSource, with_heads
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.dataset import Dataset
from sealift.packing.options import Options, ProofOptions
from sealift.packing.preprocess import with_preprocessing
from sealift.packing.privacy.detect import strings_held
from sealift.packing.privacy.findings import Finding
from sealift.packing.privacy.survey import Survey
from sealift.packing.probes.probe_rows import ProbeRows
from sealift.packing.progress import Progress, with_progress
from sealift.packing.proof.prove import prove
from sealift.packing.untrusted import within_limits
from sealift.runtime.engines.base import NATIVE

_OPTIONS = Options("model", proof=ProofOptions(engines=(NATIVE,)))
_GUESSED = (
    "Without rows, the columns' types were inferred from the attributes of the fitted model. Give some rows "
    "(--data, or doctor(model, X)) for an exact diagnosis."
)
_UNREADABLE = (
    "The rows given could not be read, so the columns' types were inferred from the attributes of the fitted model. "
    "Correct the rows as stated above for an exact diagnosis."
)


@with_progress
@unbundled
@within_limits
def doctor(
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    preprocess: Any = None,
    outputs: Heads | None = None,
    class_names: Sequence[str] | Mapping[Any, str] | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Report which steps of a fitted model can be packed, which cannot, and the remedies, all at once.

    It also reports training data that the model holds. Nothing is written, and no answer is proved; `pack` does both.

    Args:
        model: a fitted model or the path of a model file, as `pack` takes it.
        X: some rows in the model's format. Without them, the report contains only what the fitted attributes show. If
            they are training rows, the report shows which data of them the model retains.
        y: their true answers; the values that the model retains are also compared with them.
        preprocess: how a picture becomes the array that a net takes, as for `pack`. With a `sealift.Image` and at least
            20 pictures with y, the net is also run with other levels, orders of channels, filters, libraries, sizes and
            orientations, and those with which it answers significantly better are in `Diagnosis.better_preprocessing`.
        outputs: the meaning of the model's outputs, as for `pack`.
        class_names: the names of the classes, as for `pack`.
        progress: called with a sentence when a stage begins. By default it is shown in a terminal or in a notebook's
            cell.

    Returns:
        The diagnosis. It prints as a table, and is displayed as one in notebooks.

    Raises:
        PackError: E304 for an object that is not a model, E305 when X has no rows or other columns than the model, or y
            does not match X, or X is absent although `preprocess` is given; E320 to E324 for pictures or a
            preprocessing that cannot be used, E350 when `outputs` or `class_names` do not fit the model.
        ContractError: E104 when X is not a table.
    """
    say = progress or (lambda _: None)
    source, names = with_heads(with_preprocessing(source_of(model), preprocess), outputs, class_names)
    options = _OPTIONS.with_class_names(names)
    if preprocess is not None and X is None:
        raise PackError(
            "E305", "A preprocessing cannot be examined without rows.", fix="Give some pictures or texts as X."
        )
    y = source.truth(y) if isinstance(source, HeadSource) else y
    obstacles: list[Obstacle] = []
    try:
        source.check()
    except PackError as error:
        if error.code not in ("E301", "E302"):
            raise
        notes = ["Nothing can be examined before it is fitted."] if error.code == "E301" else []
        return Diagnosis((), [_obstacle(error)], notes=notes)
    dataset = None if X is None else _read(X, y, source, obstacles)
    placeholders = Placeholders(remembered_rows(source) if dataset is None else dataset.input_rows)
    converted = _converted(source, dataset, placeholders)
    obstacles += [_obstacle(error) for error in placeholders.refused]
    notes = [_GUESSED if X is None else _UNREADABLE]
    outcome = _Outcome()
    better: Sequence[BetterVariant] = ()
    if dataset is not None:
        if converted is not None:
            dataset = replace(dataset, input_rows=converted[1])
            if not obstacles:
                outcome = _compared(source, converted[0], dataset, obstacles, options)
        notes = [*dataset.input_rows.notes, *outcome.notes, *notes_on_dropped(dataset.input_rows)]
        if source.rows.kind == "pictures":
            better, more = compared_variants(source, preprocess, dataset.input_rows.rows, dataset.truth, say)
            notes += more
    if converted is None:
        notes.append("The steps after the refused ones could not be examined.")
    used = 0 if dataset is None else min(MOST, len(dataset))
    steps = _steps(placeholders.steps, obstacles, placeholders, counted=dataset is not None)
    return Diagnosis(steps, obstacles, used, outcome.agrees, notes, outcome.retained, better)


class _Outcome(NamedTuple):
    """The results of the comparisons with the original and with the rows, as in `Diagnosis`."""

    agrees: bool | None = None
    retained: Sequence[Finding] = ()
    notes: Sequence[str] = ()


def _read(X: Any, y: Any, source: Source, obstacles: list[Obstacle]) -> Dataset | None:
    """X as read; None if the model uses columns that no contract can contain. All of these are reported."""
    try:
        dataset = Dataset.read(X, y, source)
        unfit = unfit_columns(source, dataset.input_rows)
    except PackError as error:
        if error.code != "E304":
            raise
        obstacles.append(_obstacle(error))
        return None
    obstacles += [_obstacle(column.unfit) for column in unfit if column.unfit is not None]
    return None if unfit else dataset


def _converted(
    source: Source, dataset: Dataset | None, placeholders: Placeholders
) -> tuple[Conversion, InputRows] | None:
    """The conversion, with placeholders for what was refused; None where it could not be continued."""
    try:
        return convert_model(
            source, placeholders.input_rows if dataset is None else dataset.input_rows, placeholders.new_context
        )
    except PackError as error:
        placeholders.remember(error)
        return None


def _compared(
    source: Source, conversion: Conversion, dataset: Dataset, obstacles: list[Obstacle], options: Options
) -> _Outcome:
    """Infer the contract, search for retained data, and compare the graph with the original on the first rows.

    The reasons for which `pack` would refuse the model are added to `obstacles`.
    """
    outcome = _Outcome()
    try:
        converted = ask_original(source, conversion, dataset.input_rows.first(MOST))
        sketches = fields.sketch(dataset.input_rows)
        survey = Survey(dataset.input_rows, dataset.truth)
        strings = strings_held(converted.graph.proto, converted.conversion)
        contract, findings = infer_contract(
            _of_all(converted, dataset), sketches, options, dataset.y, survey.rare_in, strings, training=False
        )
        in_words = survey.words(conversion.stages)[1]
        findings += [*in_words, *survey.examine(converted.graph, converted.conversion, contract, strings)]
        outcome = _Outcome(retained=list(survey.report(findings).findings))
        nothing = ProbeRows([field.name for field in contract.inputs])
        proof = prove(converted, contract, converted.graph, nothing, options, lambda _: None)
    except LimitError:
        raise
    except SealiftError as error:
        obstacles.append(_obstacle(error))
        return outcome._replace(agrees=False if isinstance(error, ParityError) else None)
    return outcome._replace(agrees=True, notes=proof.notes)


def _of_all(converted: Converted, dataset: Dataset) -> Converted:
    """The conversion with all given rows, which determine the contract; it has answers for the first rows only."""
    return replace(converted, original=replace(converted.original, input_rows=dataset.input_rows))


def _steps(
    steps: Sequence[Step], obstacles: list[Obstacle], placeholders: Placeholders, *, counted: bool
) -> list[Examined]:
    """The steps, each after the one that encloses it; with `counted`, rare categories are counted in the rows."""
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
        result.append(Examined(path, how, how != "refused", _training_data(known, placeholders if counted else None)))
    return result


def _above(path: str) -> list[str]:
    """The paths of the enclosing steps, and its own."""
    parts = path.split(" › ")
    return [" › ".join(parts[: i + 1]) for i in range(len(parts))]


def _training_data(step: Step | None, placeholders: Placeholders | None) -> list[str]:
    if step is None:
        return []
    rows = None
    if placeholders is not None and step.source.learned.categories is not None:
        try:
            rows = placeholders.given(step.source, step.table)
        except Exception:  # then the categories are reported without counts
            rows = None
    return step.source.learned.sentences(rows)


def _obstacle(error: SealiftError) -> Obstacle:
    return Obstacle(error.code, error.where, error.what, error.fix)
