"""The contract's inputs: what X shows, what the encoders know, what the model accepts, and what the caller says."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import Field, Policy, is_missing
from sealift.convert import Step
from sealift.packing.forms import Column, Form, Values
from sealift.packing.original import Original
from sealift.stats import SMALL, Categories, Sketch, sketch_numbers, sketch_texts

_TRIES = 400
_UNSEEN_TEXT = "\u2042 unseen"


def sketch(form: Form) -> list[Sketch]:
    """A summary of each column that gives no record away."""
    return [_sketch(column) for column in form.columns]


def infer(form: Form, sketches: Sequence[Sketch]) -> list[Field]:
    """Fields with everything that can be read off X; missing and unknown values still allowed."""
    return [_field(column, found) for column, found in zip(form.columns, sketches, strict=True)]


def with_categories(fields: Sequence[Field], steps: Sequence[Step]) -> list[Field]:
    """Fields with the categories that the model's encoders know, read off the converted steps."""
    known: dict[str, tuple[Any, ...]] = {}
    numeric = {field.name for field in fields if field.dtype != "string"}
    for step in steps:
        categories = getattr(step.estimator, "categories_", None)
        if categories is None or len(categories) != step.table.width:
            continue
        for column, values in zip(step.table.each(), categories, strict=True):
            name = column.names[0]
            # A number that was computed with on the way is no longer the caller's own category.
            raw = column.values.origin[0].name in ("number", "text")
            if column.is_text or (raw and name in numeric):
                known.setdefault(name, tuple(_plain(v) for v in values if not is_missing(v)))
    return [_categorised(field, known.get(field.name)) for field in fields]


def with_policies(fields: Sequence[Field], original: Original) -> list[Field]:
    """Fields with what the model accepts, found by asking it: may a value be missing, may a category be unknown?"""
    one = {column.name: list(_sample(column)) for column in original.form.columns}
    refused = _refused(original, one, [field.name for field in fields])
    result = []
    for field in fields:
        unknown: Policy = "allowed"
        if field.categories is not None and not original.accepts({**one, field.name: [unseen(field)]}):
            unknown = "refused"
        missing: Policy = "refused" if field.name in refused else "allowed"
        result.append(dataclasses.replace(field, missing=missing, unknown=unknown))
    return result


def without_rare(fields: Sequence[Field], form: Form) -> tuple[list[Field], list[str]]:
    """Fields that list no rare category unless the model refuses all others; notes on what the model itself knows."""
    result, notes = [], []
    for field, column in zip(fields, form.columns, strict=True):
        if field.categories is None:
            result.append(field)
            continue
        counts = dict.fromkeys(field.categories, 0)
        for value in column.values:
            if value in counts:
                counts[value] += 1
        rare = [value for value, count in counts.items() if count < SMALL]
        if rare and len(form) >= 10 * SMALL:
            notes.append(
                f'The model itself knows {len(rare)} categories of "{field.name}" that fewer than {SMALL} rows have; '
                "they are part of its graph. Group them (min_frequency) in training if they could name a person."
            )
            if field.unknown == "allowed":
                kept = tuple(value for value in field.categories if value not in rare)
                field = dataclasses.replace(field, categories=kept or None)  # noqa: PLW2901
        result.append(field)
    return result, notes


def unseen(field: Field) -> float | str:
    """A value that is none of the field's categories."""
    if field.dtype == "string":
        return _UNSEEN_TEXT
    numbers = [float(value) for value in field.categories or ()]
    return max(numbers, default=0.0) + 1.0


def _sketch(column: Column) -> Sketch:
    if column.dtype == "string":
        return sketch_texts(column.values)
    return sketch_numbers(np.array([math.nan if v is None else float(v) for v in column.values]))


def _field(column: Column, found: Sketch) -> Field:
    base = Field(name=column.name, dtype=column.dtype, missing="allowed")
    if isinstance(found, Categories):
        if column.known:
            return dataclasses.replace(base, categories=tuple(str(value) for value in column.known))
        if not found.values:
            return base
        typical = found.values[int(np.argmax(found.shares))]
        return dataclasses.replace(base, categories=found.values, typical=typical)
    if column.dtype == "bool":
        return base
    low, high = found.bounds
    centre = int(found.typical) if column.dtype == "int64" else found.typical
    categories = tuple(_plain(value) for value in column.known) if column.known else None
    return dataclasses.replace(base, observed=(low, high), typical=centre, categories=categories)


def _categorised(field: Field, known: tuple[Any, ...] | None) -> Field:
    if known is None:
        return field
    if field.dtype == "string":
        values: tuple[Any, ...] = tuple(value for value in known if isinstance(value, str))
    elif field.dtype == "bool":
        return field
    else:
        values = tuple(int(value) if field.dtype == "int64" else float(value) for value in known)
    return dataclasses.replace(field, categories=values or None)


def _refused(original: Original, one: Mapping[str, Values], names: Sequence[str]) -> set[str]:
    """The fields that the model cannot do without, found by halving; unclear ones count among them."""
    refused: set[str] = set()
    waiting = [list(names)]
    tries = _TRIES
    while waiting:
        group = waiting.pop()
        if tries <= 0:
            refused.update(group)
            continue
        tries -= 1
        if original.accepts({**one, **{name: [None] for name in group}}):
            continue
        if len(group) == 1:
            refused.update(group)
        else:
            middle = len(group) // 2
            waiting += [group[:middle], group[middle:]]
    return refused


def _sample(column: Column) -> Iterator[float | str | bool | None]:
    """One value that the model has met."""
    yield next((value for value in column.values if value is not None), None)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
