"""The headers of receipts, for servers that issue them."""

from __future__ import annotations

from typing import Any

_ASKED = {
    "name": "Sealift-Receipt",
    "in": "header",
    "required": False,
    "description": "1 asks for a signed statement about the answer.",
    "schema": {"type": "string", "enum": ["0", "1"]},
}
_ISSUED = {"description": "The signed statement, a JSON Web Signature.", "schema": {"type": "string"}}


def add_receipts(paths: dict[str, Any]) -> None:
    """Add the headers to all routes that answer rows."""
    for operations in paths.values():
        operation = operations.get("post")
        if operation is not None:
            operation["parameters"] = [*operation.get("parameters", ()), _ASKED]
            operation["responses"]["200"].setdefault("headers", {})["Sealift-Receipt"] = _ISSUED
