"""The credentials that the routes need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sealift.serve.openapi.parts import ERROR, response

_SCHEMES: dict[str, dict[str, Any]] = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
    "key_header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token of the issuer."},
    "certificate": {"type": "mutualTLS", "description": "A certificate of the client."},
}
_REFUSALS = {
    "401": "The credentials are missing or not valid.",
    "403": "The caller does not have the scope.",
    "429": "Too many requests are waiting, or the rate of the caller is exceeded.",
}
_OPEN = frozenset({"/v2", "/v2/health/live", "/v2/health/ready", "/ping", "/health", "/version"})


def secured(document: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A document with security schemes, which routes need unless anybody may use them."""
    document["components"]["securitySchemes"] = {name: _SCHEMES[name] for name in names}
    document["security"] = [{name: []} for name in names]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path in _OPEN:
                operation["security"] = []
                continue
            for status, text in _REFUSALS.items():
                operation["responses"][status] = response(text, ERROR)
    return document
