"""Parts that several routes of the document have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sealift.serve import values
from sealift.serve.served import ServedModel

JSON = "application/json"
Schema = dict[str, Any]
TYPES: dict[str, Schema] = {
    "float64": {"anyOf": [{"type": "number"}, {"enum": list(values.NON_FINITE)}]},
    "int64": {"type": "integer"},
    "bool": {"type": "boolean"},
    "string": {"type": "string"},
}
"""The schemas of the values of an output by its dtype."""
ERROR: Schema = {"$ref": "#/components/schemas/Error"}
_LONGEST = 1 << 14
"""Bytes of an example as JSON."""
_NAMED = ("properties", "paths", "schemas", "examples", "example")
_REFUSALS = {
    "400": "The request cannot be read, or its rows do not fit the model.",
    "413": "The request exceeds a limit.",
    "415": "The content type or the encoding is not supported.",
    "429": "Too many requests are waiting.",
}


def components() -> dict[str, Schema]:
    """The schemas of errors and of problems of rows."""
    strings = {key: {"type": "string"} for key in ("code", "what", "where", "fix")}
    error = {"type": "object", "properties": strings, "required": list(strings)}
    problem: Schema = {"row": {"type": "integer", "description": "The number of the row, from 1."}}
    problem |= {key: {"type": "string"} for key in ("field", "code", "message")}
    return {
        "Error": object_of({"error": {"anyOf": [error, {"type": "string"}]}}, ["error"]),
        "Problem": object_of(problem, list(problem)),
    }


def object_of(properties: Mapping[str, Schema], required: Sequence[str]) -> Schema:
    """The schema of an object."""
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def response(description: str, schema: Schema, media_type: str = JSON) -> Schema:
    """A response."""
    return {"description": description, "content": {media_type: {"schema": schema}}}


def refusals() -> dict[str, Schema]:
    """The responses of a route that answers rows to requests that it refuses."""
    return {status: response(text, ERROR) for status, text in _REFUSALS.items()}


def answering(summary: str, name: str, content: Mapping[str, Schema], good: Mapping[str, Schema]) -> Schema:
    """A route that answers rows.

    Args:
        summary: what it does.
        name: a name that no other route has.
        content: the bodies by media type.
        good: the responses by status, in addition to those of refused requests.
    """
    return {
        "post": {
            "summary": summary,
            "operationId": name,
            "requestBody": {"required": True, "content": dict(content)},
            "responses": {**good, **refusals()},
        }
    }


def reading(summary: str, name: str, good: Schema, others: Mapping[str, str] | None = None) -> Schema:
    """A route that describes something; `others` are the descriptions of further responses by status."""
    responses = {"200": good} | {status: response(text, {"type": "object"}) for status, text in (others or {}).items()}
    return {"get": {"summary": summary, "operationId": name, "responses": responses}}


def row_of(served: ServedModel) -> Schema:
    """A reference to the schema of a row."""
    return {"$ref": f"#/components/schemas/{served.name}_row"}


def example_of(served: ServedModel) -> dict[str, Any]:
    """A row: the first generated example without missing values, if there is one."""
    columns = served.examples.columns
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    row = next((row for row in rows if all(value is not None for value in row.values())), rows[0])
    return {field.name: row[field.name] for field in served.contract.inputs}


def remove_long_examples(part: Any, *, names: bool = False) -> None:
    """Remove examples that are too long to be read, such as images as numbers, from a document.

    Args:
        part: the document, or a part of it.
        names: whether the keys are names that a model or a user chose.
    """
    if isinstance(part, list):
        for value in part:
            remove_long_examples(value)
    if not isinstance(part, dict):
        return
    if not names:
        if _is_long(part.get("example")):
            del part["example"]
        examples = part.get("examples")
        if isinstance(examples, list):
            part["examples"] = [example for example in examples if not _is_long(example)]
        elif isinstance(examples, dict):
            part["examples"] = {name: example for name, example in examples.items() if not _is_long(example)}
    for key, value in part.items():
        remove_long_examples(value, names=not names and key in _NAMED)


def _is_long(example: object) -> bool:
    return len(json.dumps(example)) > _LONGEST
