"""The route `predict`, and the schemas of a model's rows and answers."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from sealift.contract import Contract, Output
from sealift.contract.outputs import output_kind
from sealift.serve import values
from sealift.serve.http.arrow import ARROW
from sealift.serve.http.multipart import MULTIPART
from sealift.serve.http.predict import CSV, LINES
from sealift.serve.openapi.parts import JSON, TYPES, Schema, answering, example_of, object_of, response, row_of
from sealift.serve.served import ServedModel
from sealift.stages import Stages

_MOST_EXAMPLES = 100


_NOTE = object_of(
    {"row": {"type": "integer", "minimum": 1}, "field": {"type": "string"}, "note": {"type": "string"}},
    ["row", "field", "note"],
)
"""What makes the answer to a row less reliable: a text that is cut, tokens that are unknown."""


def schemas(served: ServedModel) -> dict[str, Schema]:
    """The schemas of a row and of an answer."""
    contract = served.contract
    row = {key: value for key, value in contract.json_schema().items() if key != "$schema"}
    example = example_of(served)
    for field in contract.inputs:
        known = [example[field.name]] if field.categories is None else list(field.categories[:_MOST_EXAMPLES])
        row["properties"][field.name].setdefault("examples", known)
    return {f"{served.name}_row": row, f"{served.name}_answer": _answer(contract)}


def routes(served: ServedModel) -> dict[str, Schema]:
    """The route."""
    row, example = row_of(served), example_of(served)
    answer = {"$ref": f"#/components/schemas/{served.name}_answer"}
    answered = object_of(
        {
            **{key: {"type": "string"} for key in ("model", "version", "identity")},
            "answers": {"type": "array", "items": {"anyOf": [answer, {"type": "null"}]}},
            "problems": {"type": "array", "items": {"$ref": "#/components/schemas/Problem"}},
            **({"notes": {"type": "array", "items": _NOTE}} if Stages.may_have_notes(served.contract) else {}),
        },
        ["model", "version", "identity", "answers", "problems"],
    )
    rows = {"anyOf": [row, {"type": "array", "items": row, "minItems": 1}]}
    good = response("An answer for each row; null for a row with a problem.", answered)
    for media_type in (CSV, LINES):
        good["content"][f"{media_type}; charset=utf-8" if media_type == CSV else media_type] = {
            "schema": {"type": "string"}
        }
    good["content"][ARROW] = {"schema": {}}
    content: dict[str, Any] = {
        JSON: {"schema": rows, "example": [example]},
        CSV: {"schema": {"type": "string"}, "example": _csv(example)},
        LINES: {"schema": {"type": "string"}, "example": json.dumps(example, ensure_ascii=False) + "\n"},
        ARROW: {"schema": {"description": "An Arrow IPC stream."}},
    }
    contract = served.contract
    if len(contract.inputs) == 1 and contract.inputs[0].type.feeds == "stage":
        files = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}
        content[MULTIPART] = {"schema": object_of({contract.inputs[0].name: files}, [contract.inputs[0].name])}
    operation = answering(
        contract.title or f"Predict with {served.name}",
        f"predict_{served.name}",
        content,
        {"200": good, "422": response("No row has an answer.", answered)},
    )
    if contract.description:
        operation["post"]["description"] = contract.description
    return {f"/v1/models/{served.name}/predict": operation}


def _csv(row: dict[str, Any]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(row)
    writer.writerow(["" if value is None else value for value in row.values()])
    return written.getvalue()


def _answer(contract: Contract) -> Schema:
    properties: dict[str, Any] = {}
    for output in contract.outputs:
        properties[output.name] = of_output(output)
        if output.width is None and output.class_names:
            properties[f"{output.name}_name"] = {"type": "string"}
    return object_of(properties, list(properties))


def of_output(output: Output) -> Schema:
    """The schema of the answer to one row."""
    value = TYPES[output.dtype]
    described = {key: text for key in ("title", "description") if (text := getattr(output, key))}
    kind = output_kind(output)
    if kind.has_axes or kind.has_own_json:
        return described | kind.schema(output, value)
    if output.width is None:
        return described | value
    parts = values.part_names(output)
    if parts is None:
        return {**described, "type": "array", "items": value, "minItems": output.width, "maxItems": output.width}
    return {**described, "type": "object", "properties": dict.fromkeys(parts, value), "required": parts}
