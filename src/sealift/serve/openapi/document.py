"""The whole document."""

from __future__ import annotations

from typing import Any

from sealift.serve.openapi import admin, incumbents, parts, predict, security, tensors
from sealift.serve.openapi.receipts import add_receipts
from sealift.serve.plane import Plane
from sealift.serve.service import Access
from sealift.version import __version__


def document(
    plane: Plane, *, access: Access | None = None, administered: bool = False, receipts: bool = False
) -> dict[str, Any]:
    """The document for the models that are served.

    Args:
        plane: the models.
        access: who may use the server; None where everybody may.
        administered: whether there are administrative routes; they need `access`.
        receipts: whether the server issues receipts.
    """
    schemas = parts.components() | tensors.components()
    paths: dict[str, Any] = {}
    served = [plane.find(name) for name in plane.names()]
    for model in served:
        schemas |= predict.schemas(model)
        routes = predict.routes(model) | tensors.routes(model) | incumbents.of_tensorflow(model)
        for operations in routes.values():
            for operation in operations.values():
                operation["tags"] = [model.name]
        paths |= routes
    if len(served) == 1:
        paths |= incumbents.of_mlflow(served[0])
    if receipts:
        add_receipts(paths)
    if administered and access is not None:
        schemas |= admin.components()
        schemes = list(access.schemes)
        for model in served:
            for path, operations in admin.of_model(model, schemes).items():
                paths[path] = {method: {**each, "tags": [model.name]} for method, each in operations.items()}
        paths |= admin.of_server(schemes)
    info = {"title": "Sealift", "version": __version__, "description": "Predictions of sealed models."}
    whole = {
        "openapi": "3.1.0",
        "info": info,
        "paths": paths | tensors.of_server(),
        "components": {"schemas": schemas},
    }
    parts.remove_long_examples(whole)
    return whole if access is None else security.secured(whole, access.schemes)
