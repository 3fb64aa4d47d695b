"""The contract's inputs, from X, the model's encoders, the values that the model accepts, and the caller's options."""

from __future__ import annotations

import dataclasses
import difflib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import Contract, Field, Policy, is_missing
from sealift.contract.values import DEFAULT_STRING_MISSING
from sealift.errors import PackError
from sealift.frameworks import Step
from sealift.graph.edited_strings import EditedStrings
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Values
from sealift.packing.privacy.findings import Finding
from sealift.packing.proof.oracle import Original
from sealift.packing.types import type_packing
from sealift.stats import SMALL, Sketch

_TRIES, _CELLS = 50, 600_000
_SETTABLE = frozenset(
    {"dtype", "missing", "categories", "category_names", "unknown", "range", "observed", "typical"}
    | {"missing_as", "true_as", "false_as", "date_format"}
    | {"title", "description", "units", "personal"}
)


def sketch(input_rows: InputRows) -> list[Sketch]:
    """A summary of each column that reveals no single record."""
    return [type_packing(column.dtype).sketch(column.values) for column in input_rows.columns]


def infer(input_rows: InputRows, sketches: Sequence[Sketch]) -> list[Field]:
    """Fields with the properties that X shows; missing and unknown values are allowed."""
    return [
        type_packing(column.dtype).described(
            Field(name=column.name, dtype=column.dtype, missing="allowed"), summary, column.known
        )
        for column, summary in zip(input_rows.columns, sketches, strict=True)
    ]


def with_categories(fields: Sequence[Field], steps: Sequence[Step], input_rows: InputRows) -> list[Field]:
    """The fields, with the categories that the model's encoders store."""
    known: dict[str, tuple[Any, ...]] = {}
    numeric = {column.name: column.values for column in input_rows.columns if column.type.feeds == "number"}
    for step in steps:
        categories = step.source.learned.categories
        if categories is None or len(categories) != step.table.width:
            continue
        for column, values in zip(step.table.each(), categories, strict=True):
            if isinstance(column.values, EditedStrings):  # its categories are not values of the field
                continue
            name = column.names[0]
            observed = tuple(_plain(v) for v in values if not is_missing(v))
            # The categories of a computed number are not values of the field. If only missing values were replaced,
            # they are, and then they include the values of the caller.
            raw = column.values.origin[0].name in ("number", "text")
            if column.is_text or (name in numeric and (raw or {*numeric[name]} <= {*observed, None})):
                known.setdefault(name, observed)
    return [_categorised(field, known.get(field.name)) for field in fields]


def with_policies(fields: Sequence[Field], original: Original) -> list[Field]:
    """The fields, with the policies for missing and unknown values; the original is called to find what it accepts."""
    one = _one(original.input_rows)
    refused = _refused(original, one, [field.name for field in fields])
    result = []
    for field in fields:
        unknown: Policy = "allowed"
        if field.categories is not None:
            unseen = type_packing(field.dtype).unseen(field)
            unknown = "allowed" if original.accepts({**one, field.name: [unseen]}) else "refused"
        missing: Policy = "refused" if field.name in refused else "allowed"
        result.append(dataclasses.replace(field, missing=missing, unknown=unknown))
    return result


def with_missing_words(fields: Sequence[Field], input_rows: InputRows) -> list[Field]:
    """The fields, with the cells of a text file that are missing strings.

    They depend on the library of X: `pandas.read_csv` reads NA and None as missing, polars and Arrow only the empty
    cell. If one of these words is a value of the column, or a category of the model, only the empty cell is missing.
    """
    result = []
    for item, column in zip(fields, input_rows.columns, strict=True):
        missing_as = item.missing_as
        if item.type.feeds == "text":
            values = {*column.values, *(column.known or ()), *(item.categories or ())}
            words = input_rows.missing_as
            if any(word in values for word in words if word):
                words = tuple(word for word in words if not word)
            words = tuple(word for word in words if word not in values)
            missing_as = None if words == DEFAULT_STRING_MISSING else words
        result.append(dataclasses.replace(item, missing_as=missing_as))
    return result


def with_closed(fields: Sequence[Field], closed: Mapping[str, Sequence[Any]]) -> list[Field]:
    """The fields; those named in `closed` accept only the categories there."""
    return [
        dataclasses.replace(_categorised(field, tuple(closed[field.name])), unknown="refused")
        if field.name in closed
        else field
        for field in fields
    ]


def with_whole(fields: Sequence[Field], whole: Mapping[str, str]) -> list[Field]:
    """The fields; those named in `whole` refuse missing values and values outside the range of the dtype there."""
    return [_whole(field, np.dtype(whole[field.name])) if field.name in whole else field for field in fields]


def _whole(field: Field, dtype: np.dtype[Any]) -> Field:
    if dtype.kind == "b" or dtype.itemsize == 8:
        return dataclasses.replace(field, missing="refused")
    limits = np.iinfo(dtype)
    return dataclasses.replace(field, missing="refused", range=(int(limits.min), int(limits.max)))


def check_overrides(fields: Mapping[str, Any], contract: Contract) -> None:
    """Raise PackError E304 if `fields` describes a column that is not an input, or has an unknown key."""
    for name, changes in fields.items():
        if name not in contract.index:
            close = difflib.get_close_matches(str(name), list(contract.index), n=1)
            fix = f"Did you mean {close[0]!r:.80}?" if close else "Use the names of X's columns."
            if name in {output.name for output in contract.outputs}:
                fix = f"It is an output: use outputs={{{name!r}: …}} for its title, units and description."
            raise PackError("E304", f"fields describes {name!r:.80}, which is not an input.", fix=fix)
        allowed = _SETTABLE
        if not isinstance(changes, Mapping) or set(changes) - allowed:
            unknown = sorted(map(str, set(changes) - allowed)) if isinstance(changes, Mapping) else changes
            raise PackError(
                "E304",
                f"fields cannot set {unknown!r:.120}.",
                where=f"input {name!r:.80}",
                fix=f"Use a dict with the keys {', '.join(sorted(allowed))}.",
            )


def check_loosened(before: Contract, after: Contract, original: Original) -> None:
    """Raise PackError E304 if the caller's contract allows values that the model itself refuses."""
    one = _one(original.input_rows)
    for old, new in zip(before.inputs, after.inputs, strict=True):
        tried: list[tuple[str, Any]] = []
        if old.missing == "refused" and new.missing == "allowed":
            tried.append(("missing", None))
        if old.unknown == "refused":
            tried += [("categories", value) for value in set(new.categories or ()) - set(old.categories or ())]
            if new.unknown == "allowed" or new.categories is None:
                tried.append(("unknown", type_packing(old.dtype).unseen(old)))
        for key, given in tried:
            if not original.accepts({**one, new.name: [given]}):
                raise PackError(
                    "E304",
                    f"fields allows with {key!r} a value that the model itself refuses.",
                    where=f"input {new.name!r:.80}",
                    fix="Leave it out, or train the model with a step that accepts such values.",
                )


def without_rare(
    fields: Sequence[Field],
    input_rows: InputRows,
    texts: Collection[str],
    *,
    training: bool = False,
    constants: Collection[Any] = (),
) -> tuple[list[Field], list[Finding]]:
    """The fields without rare categories, unless the model refuses unknown ones; and findings on retained categories.

    Args:
        fields: the inputs.
        input_rows: the rows in which categories are counted.
        texts: all other strings in the file; a category among them is retained in any case.
        training: whether the rows are the training rows.
        constants: replacements of missing values (`constants_of`), which are not values of a row.
    """
    result: list[Field] = []
    findings: list[Finding] = []
    for field, column in zip(fields, input_rows.columns, strict=True):
        if field.categories is None:
            result.append(field)
            continue
        counts = Counter(column.values)
        rare = {value for value in field.categories if counts[value] < SMALL}
        held = rare if field.type.feeds != "text" else {value for value in rare if value in texts}
        # A few rows do not show whether a category was rare in training.
        enough = training or len(input_rows) >= 10 * SMALL
        hidden = rare - held if field.unknown == "allowed" else set()
        if enough:
            hidden = rare if field.unknown == "allowed" else set()
            known = held if field.unknown == "allowed" else rare
            in_graph = {value for value in known if counts[value] or not (training or value in constants)}
            if in_graph:
                findings.append(
                    Finding(
                        "categories", len(in_graph),
                        f'The model itself holds {len(in_graph)} categories of "{field.name}" that fewer than {SMALL} '
                        "rows have; they are part of the file.",
                        'Group them in training (min_frequency with handle_unknown="infrequent_if_exist") if they '
                        "could name a person.",
                        of=len(field.categories), columns={field.name: len(in_graph)}, where=field.name,
                    )
                )  # fmt: skip
        kept = tuple(value for value in field.categories if value not in hidden)
        typical = None if field.typical in hidden else field.typical
        result.append(dataclasses.replace(field, categories=kept or None, typical=typical))
    return result, findings


def constants_of(steps: Sequence[Step]) -> set[Any]:
    """The constants with which imputers replace missing values."""
    return {value for step in steps for value in step.source.learned.constants}


def _categorised(field: Field, known: tuple[Any, ...] | None) -> Field:
    if known is None or not field.type.has_categories:
        return field
    packing = type_packing(field.dtype)
    values = packing.categories(known)
    return field if not values and packing.every_value else dataclasses.replace(field, categories=values or None)


def _refused(original: Original, one: Mapping[str, Values], names: Sequence[str]) -> set[str]:
    """The fields whose missing values the model refuses, found by bisection; including those that are not decided."""
    refused: set[str] = set()
    waiting = [list(names)]
    # Enough for every pattern of up to 500 fields; with more it would take too long, and undecided fields are refused.
    tries = max(_TRIES, _CELLS // len(names))
    while waiting:
        group = waiting.pop()
        if tries <= 0:
            refused.update(group)
            continue
        tries -= 1
        if original.accepts({**one, **{name: [None] for name in group}}, wholly=False):
            continue
        if len(group) == 1:
            refused.update(group)
        else:
            middle = len(group) // 2
            waiting += [group[:middle], group[middle:]]
    return refused


def _one(input_rows: InputRows) -> dict[str, Values]:
    """One row of values that occur in X."""
    return {c.name: [next((value for value in c.values if value is not None), None)] for c in input_rows.columns}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
