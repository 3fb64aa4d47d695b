"""Compare the constants of a graph with the caller's rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from sealift.contract import Contract
from sealift.frameworks import Conversion
from sealift.graph.split_model import SplitModel
from sealift.packing.outputs import packing_of
from sealift.packing.privacy.chance import UNLIKELY, chance_of
from sealift.packing.privacy.constants import Constant, numbers_of, strings_of
from sealift.packing.privacy.extremes import extremes
from sealift.packing.privacy.findings import Finding, listed, merged
from sealift.packing.privacy.partial_rows import add_partial_rows
from sealift.packing.privacy.reference import DOUBLE, Reference, Units, Values
from sealift.packing.privacy.single_values import Match, matches
from sealift.packing.privacy.whole_rows import whole_rows
from sealift.stages.text import is_text
from sealift.stats import SMALL

ENOUGH = 10 * SMALL
"""Fewer rows do not show how rare a category or a word was in training."""

_QUANTILES = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
_SELDOM = 0.02

_NO_ROWS = (
    "Choose a method that keeps no rows, or fewer and larger clusters or components; or train on rows that may leave."
)
_NO_VALUES = (
    "Round the column in training, or ask for fewer quantiles or bins; StandardScaler and SimpleImputer('mean') hold "
    "no single value."
)
_NO_THRESHOLDS = "Round the column in training, or ask for fewer bins (max_bins in scikit-learn, max_bin in boosters)."
_NO_EXTREMES = "Scale by the deviation or by quantiles (StandardScaler, RobustScaler), or clip the column in training."
_NO_TARGETS = f"Train with min_samples_leaf={SMALL} or more, or round the target in training."
_NO_CLASSES = "Train with labels that name no person, and leave out or join classes that so few rows have."
_NO_STRINGS = (
    "Group rare ones in training (min_frequency), or use a hashing step, if they could name a person."
)  # fmt: skip


def strings_held(graph: onnx.ModelProto, conversion: Conversion) -> set[str]:
    """The strings of the graph, and the vocabularies of stages that read a string as one value."""
    strings = strings_of(graph)
    for stage in conversion.stages:
        if is_text(stage) and stage.spec["analyzer"] == "whole":
            prefix = stage.spec.get("prefix", "")
            strings.update(term.removeprefix(prefix) for term in stage.spec.get("vocabulary", ()))
    return strings


def examine(
    graph: SplitModel,
    conversion: Conversion,
    contract: Contract,
    strings: Collection[str],
    references: Sequence[tuple[str, Reference]],
) -> list[Finding]:
    """What the graph and the contract retain of single records.

    Args:
        graph: the graph.
        conversion: the conversion that it is of.
        contract: the contract.
        strings: the strings of the graph and its stages, as `strings_held`.
        references: the rows to compare with, each with its name: "rows given" or "training rows".
    """
    constants = numbers_of(graph)
    training = any(name.startswith("training") for name, _ in references)
    findings = list(_by_method(conversion, constants, training=training))
    in_rows: set[int] = set()  # constants that hold whole or partial rows; their single values are not reported again
    for name, reference in sorted(references, key=lambda pair: not pair[0].startswith("training")):
        findings += _numbers(constants, reference, name, in_rows)
        enough = name.startswith("training") or reference.rows >= ENOUGH
        if enough:
            findings += _strings(strings, reference, contract)
            findings += _classes(contract, reference)
    by_value = {finding.kind for finding in findings}
    # Where values were compared, the estimate from the sizes of leaves and clusters is not needed.
    known = {remedy for kind, remedy in (("targets", _NO_TARGETS), ("rows", _NO_ROWS)) if kind in by_value}
    return merged(finding for finding in findings if finding.kind != "method" or finding.remedy not in known)


def _by_method(conversion: Conversion, constants: Sequence[Constant], *, training: bool) -> Iterator[Finding]:
    """Findings from the steps' own attributes; without training rows also leaves and clusters of few rows."""
    sizes = {size for constant in constants if constant.stored.ndim > 1 for size in constant.stored.shape}
    leaves: dict[str, tuple[int, int]] = {}
    for step in conversion.steps:
        learned = step.source.learned
        kept = learned.rows
        if kept and kept.number in sizes:
            yield Finding(
                "method", kept.number,
                f"{step.path} keeps {kept.number:,} rows of its training data, as its method needs; they are part of "
                "the file.",
                "Choose another method if no record may leave.", where=step.path,
            )  # fmt: skip
        if training:
            continue
        single, many = learned.small_clusters
        if single:
            yield Finding(
                "method", single,
                f"{single:,} of the {many:,} clusters of {step.path} have fewer than {SMALL} training rows, so that a "
                "centre can be one of them.",
                _NO_ROWS, of=many, where=step.path,
            )  # fmt: skip
        share, (few, of) = learned.small_leaves, leaves.get(step.path, (0, 0))
        leaves[step.path] = few + share.number, of + share.total
    for path, (single, many) in leaves.items():
        if single:
            yield Finding(
                "method", single,
                f"{single:,} of the {many:,} leaves of {path} were learned from fewer than {SMALL} training rows, so "
                "that an answer can be that of one person.",
                _NO_TARGETS, of=many, where=path,
            )  # fmt: skip


def _numbers(constants: Sequence[Constant], reference: Reference, name: str, in_rows: set[int]) -> Iterator[Finding]:
    whole: dict[bool, set[int]] = {False: set(), True: set()}
    places: dict[int, str | None] = {}
    partial: dict[int, int] = {}
    held: list[tuple[Units, list[Match]]] = []
    for units, (in_units, parts) in zip(reference.units, _matches(reference.units, constants), strict=True):
        rows, owners = whole_rows(units, constants)
        whole[units.target] |= rows
        in_rows.update(owners)
        places |= dict.fromkeys(rows, None if units.own else units.where)
        held.append((units, in_units))
        for row, (count, owner) in parts.items():
            if row not in whole[False]:
                partial[row] = max(partial.get(row, 0), count)
                in_rows.add(owner)
    yield from _rows(whole[False], partial, places, reference, name)
    yield from _targets(held, whole[True], constants)
    if len(whole[False]) < reference.compared:  # otherwise every row is reported already
        yield from _columns(held, constants, in_rows, derived=not whole[False])


def _matches(
    units: Sequence[Units], constants: Sequence[Constant]
) -> list[tuple[list[Match], dict[int, tuple[int, int]]]]:
    """For each of the units, the matches that can be findings; and how many values of each row stand together where.

    Matches that chance explains matter for partial rows only. Those of one large constant take much memory, so they
    are not kept.
    """
    held: list[list[Match]] = [[] for _ in units]
    together: list[dict[int, tuple[int, int]]] = [{} for _ in units]
    for number, several in matches(units, constants):
        if units[number].target:
            held[number] += [match.without_places() for match in several]
            continue
        held[number] += [match.without_places() for match in several if not match.explained]
        add_partial_rows(together[number], units[number], constants[several[0].owner], several)
    for each in held:
        each.sort(key=lambda match: (match.column, match.owner))
    return list(zip(held, together, strict=True))


def _rows(
    whole: set[int], partial: Mapping[int, int], places: Mapping[int, str | None], reference: Reference, name: str
) -> Iterator[Finding]:
    if whole:
        where = min((path for row in whole if (path := places.get(row))), default="")
        own = any(places.get(row) is None for row in whole)
        units = f", in the units that {where} is given" if where else "" if own else ", shifted or scaled"
        yield Finding(
            "rows", len(whole), f"{len(whole):,} of the {reference.compared:,} {name} stand whole in the graph{units}.",
            _NO_ROWS, of=reference.compared, where=where,
        )  # fmt: skip
    rest = {row: count for row, count in partial.items() if row not in whole}
    if rest:
        yield Finding(
            "partial rows", len(rest),
            f"Of {len(rest):,} of the {reference.compared:,} {name}, {min(rest.values())} or more values that fewer "
            f"than {SMALL} rows have stand together in the graph.",
            _NO_ROWS, of=reference.compared,
        )  # fmt: skip


def _targets(
    held: Sequence[tuple[Units, list[Match]]], whole: set[int], constants: Sequence[Constant]
) -> Iterator[Finding]:
    by_column: dict[str, set[int]] = {}
    total: dict[str, int] = {}
    for units, several in held:
        if not units.target:
            continue
        for match in several:
            column = units.columns[match.column]
            if not match.explained or _is_single(constants[match.owner], column, match):
                by_column.setdefault(units.names[match.column], set()).update(match.values.tolist())
        total |= {name: len(column.rare) for name, column in zip(units.names, units.columns, strict=True)}
    count = sum(map(len, by_column.values()))
    if count or whole:
        count = count or len(whole)
        many = sum(total[name] for name in by_column) or count
        yield Finding(
            "targets", count,
            f"The graph holds {count:,} of {many:,} target values that fewer than {SMALL} rows have: an answer can be "
            "that of one person.",
            _NO_TARGETS, of=many,
        )  # fmt: skip


def _is_single(constant: Constant, column: Values, match: Match) -> bool:
    """Whether a small constant holds a common statistic of the column, which is unlikely by chance.

    The statistics are the minimum, the maximum, the median and other quantiles.
    """
    if constant.stored.size > SMALL:
        return False
    finite = column.column[np.isfinite(column.column)]
    asked = {float(np.quantile(finite, q, method=how)) for q in _QUANTILES for how in ("lower", "higher")}
    chance = len(asked) * constant.stored.size / column.cells(DOUBLE)
    return chance < _SELDOM and bool(asked & set(column.rare[match.values].tolist()))


def _columns(
    held: Sequence[tuple[Units, list[Match]]], constants: Sequence[Constant], in_rows: Collection[int], *, derived: bool
) -> Iterator[Finding]:
    """Single values by column, except those that are parts of rows."""
    own: dict[str, dict[str, set[int]]] = {"number": {}, "threshold": {}}
    ends: dict[str, int] = {}
    computed: dict[str, int] = {}
    explained_by_own: set[int] = set()
    for units, several in held:
        if units.target:
            continue
        for index in extremes(units, constants) if units.own or units.named else ():
            ends[units.names[index]] = 1
        for match in several:
            if match.explained or match.owner in in_rows:
                continue
            name = units.names[match.column]
            if units.own:
                explained_by_own.add(match.owner)
                role = "threshold" if constants[match.owner].role == "threshold" else "number"
                own[role].setdefault(name, set()).update(match.values.tolist())
                column = units.columns[match.column]
                if np.isin(column.rare[match.values], (column.low, column.high)).any():
                    ends[name] = 1
            elif match.owner not in explained_by_own:
                where = units.where or "an inner step"
                computed[where] = computed.get(where, 0) + len(match.values)
    for role, remedy in (("number", _NO_VALUES), ("threshold", _NO_THRESHOLDS)):
        if own[role]:
            counts = {name: len(values) for name, values in own[role].items()}
            what = "thresholds that are" if role == "threshold" else ""
            yield Finding(
                "values", sum(counts.values()),
                f"The graph holds {what} single values, which fewer than {SMALL} rows have, of: "
                f"{listed(counts)}.".replace("  ", " "),
                remedy, columns=counts, where=role,
            )  # fmt: skip
    if computed and derived:
        count = sum(computed.values())
        yield Finding(
            "derived values", count,
            f"The graph holds {count:,} numbers that were computed from single rows, as {min(computed)} is given them.",
            _NO_VALUES, where=min(computed),
        )  # fmt: skip
    if ends:
        yield Finding(
            "extremes", len(ends),
            f"The graph holds extremes that fewer than {SMALL} rows reach, of: {listed(ends)}.",
            _NO_EXTREMES, columns=ends,
        )  # fmt: skip


def _strings(held: Collection[str], reference: Reference, contract: Contract) -> Iterator[Finding]:
    """Rare strings in the graph, of columns for which the contract lists no categories."""
    counts: dict[str, int] = {}
    for name, values in reference.strings.items():
        if contract.inputs[contract.index[name]].categories is None:
            rare = sum(1 for text, count in values.items() if count < SMALL and text in held and len(text) > 1)
            if rare:
                counts[name] = rare
    if counts:
        yield Finding(
            "strings", sum(counts.values()),
            f"The graph holds strings that fewer than {SMALL} rows have, of: {listed(counts)}.",
            _NO_STRINGS, columns=counts,
        )  # fmt: skip


def _classes(contract: Contract, reference: Reference) -> Iterator[Finding]:
    """Classes that could identify a person: strings or long numbers that fewer than SMALL rows have."""
    if reference.labels is None:
        return
    classes = {value for output in contract.outputs for value in output.classes or ()}
    rare = [value for value in classes if reference.labels[value] < SMALL and _can_identify(value)]
    if rare:
        yield Finding(
            "classes", len(rare),
            f"{len(rare):,} of the {len(classes):,} classes are labels that fewer than {SMALL} rows have; their names "
            "are part of the file.",
            _NO_CLASSES, of=len(classes), where="contract.json",
        )  # fmt: skip


def _can_identify(value: Any) -> bool:
    return isinstance(value, str) or (not isinstance(value, bool) and abs(value) >= 1000)


def single_answers(
    contract: Contract, answers: Mapping[str, npt.NDArray[Any]], references: Sequence[Reference]
) -> npt.NDArray[np.bool_]:
    """Which answers (N,) are a target value that fewer than SMALL rows have."""
    targets = (output.name for output in contract.outputs if packing_of(output.kind).is_target)
    value = next((answers[name] for name in targets), None)
    count = len(next(iter(answers.values())))
    single = np.zeros(count, dtype=np.bool_)
    if value is None:
        return single
    columns = value.reshape(count, -1).T
    for reference in references:
        for units in reference.units:
            if not (units.target and units.own):
                continue
            for column, given in zip(units.columns, columns, strict=False):
                if not len(column.rare):
                    continue
                place = np.clip(np.searchsorted(column.rare, given), 0, len(column.rare) - 1)
                before = np.clip(place - 1, 0, None)
                near = np.minimum(np.abs(column.rare[place] - given), np.abs(column.rare[before] - given))
                same = near <= DOUBLE * np.abs(given)
                few = chance_of(int(same.sum()), np.unique(given), column, DOUBLE) < UNLIKELY
                if few or not column.step:
                    single |= same
    return single


def answers_finding(singles: int, total: int) -> list[Finding]:
    """The finding for golden examples whose answer is one person's target value."""
    if not singles:
        return []
    return [
        Finding(
            "answers", singles,
            f"The answers of {singles:,} of the {total:,} golden examples are target values that fewer than {SMALL} "
            "rows have.",
            _NO_TARGETS, of=total, where="golden/examples.json",
        )
    ]  # fmt: skip


def examples_finding(rows: int) -> Finding:
    """The finding for rows that the packer put into the file."""
    return Finding(
        "examples", rows,
        f"{rows:,} real rows of the caller's data are examples in the file, because the packer asked for it "
        "(keep_rows).",
        "Pack without keep_rows.", of=rows, where="golden/examples.json",
    )  # fmt: skip
