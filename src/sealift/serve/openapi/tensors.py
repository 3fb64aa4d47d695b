"""The routes of the Open Inference Protocol, version 2."""

from __future__ import annotations

from typing import Any

from sealift.serve.exposition import MEDIA_TYPE
from sealift.serve.openapi.parts import JSON, Schema, answering, example_of, object_of, reading, response
from sealift.serve.served import ServedModel
from sealift.serve.stream.state import CONNECTIONS
from sealift.serve.v2 import metadata
from sealift.serve.v2.tensors import BYTES, DATATYPES_OF_REQUESTS

_STRING: Schema = {"type": "string"}
_STRINGS: Schema = {"type": "array", "items": _STRING}
_SHAPE: Schema = {"type": "array", "items": {"type": "integer"}}
_READY = object_of({"ready": {"type": "boolean"}}, ["ready"])


def components() -> dict[str, Schema]:
    """The schemas of tensors, requests and responses."""
    tensor = {
        "name": _STRING,
        "datatype": {"enum": DATATYPES_OF_REQUESTS},
        "shape": _SHAPE,
        "data": {"type": "array", "description": "The values in row-major order; null is a missing value."},
        "parameters": {"type": "object"},
    }
    described = {key: tensor[key] for key in ("name", "datatype", "shape", "parameters")}
    of_tensors: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/Tensor"}}
    of_metadata: Schema = {"type": "array", "items": object_of(described, ["name", "datatype", "shape"])}
    names = {"name": _STRING, "versions": _STRINGS, "platform": _STRING, "inputs": of_metadata, "outputs": of_metadata}
    outputs: Schema = {
        "type": "array",
        "items": object_of({"name": _STRING, "parameters": {"type": "object"}}, ["name"]),
    }
    request = {"id": _STRING, "inputs": of_tensors, "outputs": outputs, "parameters": {"type": "object"}}
    answer = {"model_name": _STRING, "model_version": _STRING, "id": _STRING, "outputs": of_tensors}
    return {
        "Tensor": object_of(tensor, ["name", "datatype", "shape"]),
        "InferRequest": object_of(request, ["inputs"]),
        "InferResponse": object_of(answer, ["model_name", "outputs"]),
        "ModelMetadata": object_of(names, list(names)),
    }


def routes(served: ServedModel) -> dict[str, Schema]:
    """The routes of a model."""
    name = served.name
    body = {"schema": {"$ref": "#/components/schemas/InferRequest"}, "example": {"inputs": _inputs(served)}}
    good = response("The outputs.", {"$ref": "#/components/schemas/InferResponse"})
    good["content"]["application/octet-stream"] = {"schema": {}}
    described = response("The metadata.", {"$ref": "#/components/schemas/ModelMetadata"})
    ready = response("The model is ready.", _READY)
    return {
        f"/v2/models/{name}/infer": answering("Infer with tensors", f"infer_{name}", {JSON: body}, {"200": good}),
        f"/v2/models/{name}": reading("The metadata of the model", f"metadata_{name}", described),
        f"/v2/models/{name}/ready": reading(
            "Whether the model is ready", f"ready_{name}", ready, {"503": "The model is not ready."}
        ),
    }


def of_server() -> dict[str, Schema]:
    """The routes of the server."""
    live = response("The process responds.", object_of({"live": {"type": "boolean"}}, ["live"]))
    stream: Schema = {"enum": list(CONNECTIONS), "description": "The connection to the broker, in the mode stream."}
    ready = response("The server is ready.", object_of({"ready": {"type": "boolean"}, "stream": stream}, ["ready"]))
    not_ready = {"503": "A model is not ready, or there is none; or the broker of a stream is not connected."}
    parts = {"name": _STRING, "version": _STRING, "extensions": _STRINGS}
    described = response("The metadata.", object_of(parts, list(parts)))
    return {
        "/v2/health/live": reading("Whether the process responds", "live", live),
        "/v2/health/ready": reading("Whether every model is ready", "ready", ready, not_ready),
        "/v2": reading("The metadata of the server", "metadata", described),
        "/metrics": reading("The metrics for Prometheus", "metrics", response("Counts.", _STRING, MEDIA_TYPE)),
    }


def _inputs(served: ServedModel) -> list[dict[str, Any]]:
    """The tensors of a request for one row."""
    described = metadata.model(served, [])["inputs"]
    tensors = []
    for field, (name, value) in zip(described, example_of(served).items(), strict=True):
        data = value if isinstance(value, list) else [value]
        if field["datatype"] == BYTES:
            data = [item if item is None or isinstance(item, str) else str(item) for item in data]
        shape = [1, *_shape_of(value)]
        tensors.append({"name": name, "datatype": field["datatype"], "shape": shape, "data": data})
    return tensors


def _shape_of(value: Any) -> list[int]:
    """The shape of nested lists."""
    return [len(value), *_shape_of(value[0])] if isinstance(value, list) and value else []
