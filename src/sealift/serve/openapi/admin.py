"""The administrative routes, for servers that have them."""

from __future__ import annotations

from typing import Any

from sealift.serve.http.admin import AUDIT, LONGEST, MOST_ENTRIES, PREFIX, STATUS
from sealift.serve.openapi.parts import ERROR, JSON, Schema, object_of, reading, response
from sealift.serve.served import ServedModel

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_OK: Schema = {"const": True}
_ERRORS = {
    "400": "The request cannot be read.",
    "404": "There is no such version.",
    "409": "There is no version to promote, or no earlier state.",
    "413": "The request exceeds a limit.",
    "415": "The content type is not JSON.",
}
_LAST = {
    "name": "last",
    "in": "query",
    "required": False,
    "description": "How many entries are returned.",
    "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ENTRIES, "default": 100},
}


def components() -> dict[str, Schema]:
    """The schemas of the state of a model and of an entry of the audit log."""
    share: Schema = {"type": "number", "minimum": 0, "maximum": 1}
    version = {
        "version": _TEXT,
        "identity": _TEXT,
        "share": share,
        "shadow": {"type": "boolean"},
        "requests": {"type": "integer"},
        "errors": {"type": "integer"},
        "p99": {"anyOf": [_NUMBER, {"type": "null"}], "description": "Seconds."},
        "disagreement": {
            "anyOf": [{"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}, {"type": "null"}],
            "description": "Rows with another answer than the live version's, and compared rows.",
        },
    }
    model = {
        "name": _TEXT,
        "sticky": {"anyOf": [_TEXT, {"type": "null"}]},
        "versions": {"type": "array", "items": object_of(version, list(version))},
        "canary": object_of({"version": _TEXT, "state": _TEXT}, ["version", "state"]),
    }
    entry = dict.fromkeys(("time", "action", "actor", "reason", "kind", "outcome", "before", "digest"), _TEXT)
    needed = ["time", "action", "actor", "reason", "kind", "before", "digest"]
    return {
        "ModelState": object_of(model, ["name", "sticky", "versions"]),
        "AuditEntry": object_of(entry, needed),
    }


def of_server(schemes: list[str]) -> dict[str, Schema]:
    """The routes of the server. `schemes` are the names of the security schemes."""
    models: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/ModelState"}}
    entries: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/AuditEntry"}}
    listed = object_of({"count": {"type": "integer"}, "entries": entries}, ["count", "entries"])
    status = reading(
        "The versions of the models",
        "admin_status",
        response("The models.", object_of({"ok": _OK, "models": models}, ["ok", "models"])),
    )
    audit = reading("The last entries of the audit log", "admin_audit", response("The entries.", listed))
    audit["get"]["parameters"] = [_LAST]
    audit["get"]["responses"]["400"] = response(_ERRORS["400"], ERROR)
    return {STATUS: _needing("audit", status, schemes), AUDIT: _needing("audit", audit, schemes)}


def of_model(served: ServedModel, schemes: list[str]) -> dict[str, Schema]:
    """The routes that change which version of a model answers."""
    text = {"type": "string", "maxLength": LONGEST}
    body = object_of(
        {"version": {**text, "description": "By default the one on trial."}, "reason": {**text, "default": ""}}, []
    )
    body["additionalProperties"] = False
    changed = object_of({"ok": _OK, "model": {"$ref": "#/components/schemas/ModelState"}}, ["ok", "model"])
    paths = {}
    for action, summary, example in (
        ("promote", "Send all requests to a version", {"version": served.version, "reason": "better recall"}),
        ("rollback", "Return to the versions before the latest change", {"reason": "wrong units"}),
    ):
        operation: dict[str, Any] = {
            "summary": summary,
            "operationId": f"{action}_{served.name}",
            "requestBody": {"required": True, "content": {JSON: {"schema": body, "example": example}}},
            "responses": {
                "200": response("The versions of the model.", changed),
                **{status: response(what, ERROR) for status, what in _ERRORS.items()},
            },
        }
        paths[f"{PREFIX}models/{served.name}/{action}"] = _needing("operate", {"post": operation}, schemes)
    return paths


def _needing(scope: str, operations: Schema, schemes: list[str]) -> Schema:
    """Operations with the scope that they need."""
    for operation in operations.values():
        operation["description"] = f"Needs the scope `{scope}`."
        operation["security"] = [{name: [scope]} for name in schemes]
    return operations
