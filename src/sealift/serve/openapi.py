"""An OpenAPI 3.1 document of the routes, with the schemas of the models' rows."""

from __future__ import annotations

from typing import Any

from sealift.contract import Contract, Output
from sealift.serve import values
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.version import __version__

_TYPES: dict[str, dict[str, Any]] = {
    "float64": {"anyOf": [{"type": "number"}, {"enum": list(values.NON_FINITE)}]},
    "int64": {"type": "integer"},
    "bool": {"type": "boolean"},
    "string": {"type": "string"},
}
_ERROR = {"$ref": "#/components/schemas/Error"}


def document(plane: Plane) -> dict[str, Any]:
    """The document for the models that are served."""
    schemas: dict[str, Any] = {"Error": _error(), "Problem": _problem()}
    paths: dict[str, Any] = {}
    for name in plane.names():
        served = plane.find(name)
        schemas[_row_name(served)] = _without_dialect(served.contract.json_schema())
        schemas[_answer_name(served)] = _answer(served.contract)
        paths[f"/v1/models/{name}/predict"] = {"post": _predict(served)}
    for path, summary in (
        ("/v2/health/live", "Whether the process answers"),
        ("/v2/health/ready", "Whether every model is ready"),
        ("/v2", "The metadata of the server"),
    ):
        responses = {"200": _described("The state.", {"type": "object"})}
        if path.endswith("ready"):
            responses["503"] = _described("A model is not ready.", {"type": "object"})
        paths[path] = {"get": {"summary": summary, "responses": responses}}
    info = {"title": "Sealift", "version": __version__, "description": "Predictions of sealed models."}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _predict(served: ServedModel) -> dict[str, Any]:
    contract = served.contract
    row = {"$ref": f"#/components/schemas/{_row_name(served)}"}
    example = {field.name: field.typical for field in contract.inputs}
    body = {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"anyOf": [row, {"type": "array", "items": row, "minItems": 1}]},
                "example": [example],
            }
        },
    }
    answered = {
        "type": "object",
        "required": ["model", "version", "identity", "answers", "problems"],
        "properties": {
            "model": {"type": "string"},
            "version": {"type": "string"},
            "identity": {"type": "string"},
            "answers": {
                "type": "array",
                "items": {"anyOf": [{"$ref": f"#/components/schemas/{_answer_name(served)}"}, {"type": "null"}]},
            },
            "problems": {"type": "array", "items": {"$ref": "#/components/schemas/Problem"}},
        },
    }
    return {
        "summary": contract.title or f"Predict with {served.name}",
        "description": contract.description,
        "operationId": f"predict_{served.name}",
        "requestBody": body,
        "responses": {
            "200": _described("An answer for each row; null for a row with a problem.", answered),
            "422": _described("No row has an answer.", answered),
            "400": _described("The request cannot be read, or its columns do not fit.", _ERROR),
            "413": _described("The request exceeds a limit.", _ERROR),
            "415": _described("The content type is not supported.", _ERROR),
        },
    }


def _answer(contract: Contract) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for output in contract.outputs:
        properties[output.name] = _of_output(output)
        if output.width is None and output.class_names:
            properties[f"{output.name}_name"] = {"type": "string"}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _of_output(output: Output) -> dict[str, Any]:
    value = _TYPES[output.dtype]
    described = {key: text for key in ("title", "description") if (text := getattr(output, key))}
    if output.width is None:
        return described | value
    parts = values.part_names(output)
    if parts is None:
        return {**described, "type": "array", "items": value, "minItems": output.width, "maxItems": output.width}
    return {**described, "type": "object", "properties": dict.fromkeys(parts, value), "required": parts}


def _described(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _error() -> dict[str, Any]:
    parts = {key: {"type": "string"} for key in ("code", "what", "where", "fix")}
    error = {"type": "object", "properties": parts, "required": list(parts)}
    return {"type": "object", "properties": {"error": {"anyOf": [error, {"type": "string"}]}}, "required": ["error"]}


def _problem() -> dict[str, Any]:
    parts: dict[str, Any] = {"row": {"type": "integer", "description": "The number of the row, from 1."}}
    parts |= {key: {"type": "string"} for key in ("field", "code", "message")}
    return {"type": "object", "properties": parts, "required": list(parts)}


def _row_name(served: ServedModel) -> str:
    return f"{served.name}_row"


def _answer_name(served: ServedModel) -> str:
    return f"{served.name}_answer"


def _without_dialect(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "$schema"}
