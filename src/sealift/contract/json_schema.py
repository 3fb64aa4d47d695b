"""A contract as a JSON Schema (draft 2020-12) of one row, for forms, gateways and generated clients."""

from __future__ import annotations

import math
from typing import Any, Protocol

from sealift.contract.field import Field, named_categories

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class HasRowSchema(Protocol):
    """The attributes of a contract that its schema is made from (`sealift.contract.contract.Contract`)."""

    @property
    def inputs(self) -> tuple[Field, ...]:
        """The fields of a row."""

    @property
    def ignored_names(self) -> frozenset[str]:
        """Columns that a row may have in addition."""

    @property
    def title(self) -> str:
        """The title of the model."""

    @property
    def description(self) -> str:
        """What it predicts."""


def json_schema(contract: HasRowSchema) -> dict[str, Any]:
    """The schema of one row; see `Contract.json_schema`."""
    schema: dict[str, Any] = {"$schema": _DIALECT, "type": "object"}
    schema |= {key: text for key, text in (("title", contract.title), ("description", contract.description)) if text}
    properties: dict[str, Any] = {field.name: _property(field) for field in contract.inputs}
    properties |= {name: {"description": "The model ignores this column."} for name in sorted(contract.ignored_names)}
    required = [field.name for field in contract.inputs if field.missing == "refused"]
    return schema | {"properties": properties, "required": required, "additionalProperties": False}


def _property(field: Field) -> dict[str, Any]:
    low, high = field.limits("range") or (None, None)
    value = field.type.json_schema(
        -math.inf if low is None else low,
        math.inf if high is None else high,
        field.categories if field.unknown == "refused" else None,
    )
    described: dict[str, Any] = {"title": field.title} if field.title else {}
    parts = [field.description, f"Unit: {field.units}." if field.units else "", *_words(field)]
    if any(parts):
        described["description"] = " ".join(filter(None, parts))
    if field.typical is not None:
        described["examples"] = [field.typical]
    return {**described, **(value if field.missing == "refused" else {"anyOf": [value, {"type": "null"}]})}


def _words(field: Field) -> list[str]:
    """Sentences on what a schema cannot express, and on the names of categories."""
    words = []
    if field.range is not None and any(isinstance(bound, str) for bound in field.range):
        low, high = field.range
        words.append(f"From {low or 'any time'} to {high or 'any time'}.")
    if field.category_names is not None:
        words.append(f"{', '.join(named_categories(field))}.")
    return words
