"""An inference request and its response, as JSON followed by binary data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealift.serve.calls import Call
from sealift.serve.http.messages import JSON, Request, Response, as_json, check_json, malformed, read_json
from sealift.serve.v2 import rows, tensors
from sealift.serve.v2.tensors import DATATYPES, InferTensor, unfit

_SIZE = re.compile("[0-9]{1,19}")
_LENGTH = "inference-header-content-length"


def infer(call: Call, request: Request) -> Response:
    """Answer an inference request.

    The inputs are one tensor for each field of the contract, (N,) or (N, 1), or one matrix (N, fields).

    Raises:
        ServeError: E704 to E707. ContractError: E101 to E105, R101 to R108. SealError: E207, E209.
    """
    model = call.model
    check_json(request)
    content = request.content()
    header, blob = _parts(content, request.headers.get(_LENGTH))
    body = read_json(header, request.limits, constants=True)
    if not isinstance(body, dict) or not isinstance(body.get("inputs"), list):
        raise malformed('it must be an object with a list "inputs"')
    inputs = _inputs(body["inputs"], memoryview(blob))
    if not isinstance(body.get("id", ""), str):
        raise malformed('"id" must be a string')
    wanted = rows.wanted(model.contract, _asked(body.get("outputs")))
    binary_by_default = _parameters(body).get("binary_data_output") is True
    answered = rows.answer(call, inputs)
    described, blobs = [], []
    for name, parameters in wanted.items():
        output = model.contract.output(name)
        array = answered.outputs[name]
        datatype = DATATYPES[output.dtype]
        entry: dict[str, Any] = {"name": name, "datatype": datatype, "shape": list(array.shape)}
        if parameters.get("binary_data", binary_by_default) is True:
            blobs.append(tensors.to_binary(array, datatype))
            entry["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            entry["data"] = tensors.to_json(array)
        described.append(entry)
    response: dict[str, Any] = {"model_name": model.name, "model_version": model.version, "outputs": described}
    if "id" in body:
        response["id"] = body["id"]
    written = as_json(response).body
    if not blobs:
        return Response(200, written, JSON)
    headers = {_LENGTH: str(len(written))}
    return Response(200, b"".join([written, *blobs]), "application/octet-stream", headers)


def _parts(content: bytes, length: str | None) -> tuple[bytes, bytes]:
    """The JSON and the binary data behind it."""
    if length is None:
        return content, b""
    size = int(length) if _SIZE.fullmatch(length) else len(content) + 1
    if size > len(content):
        raise malformed("Inference-Header-Content-Length is not a length within the body")
    return content[:size], content[size:]


def _inputs(raw: Sequence[Any], blob: memoryview) -> list[InferTensor]:
    inputs, at = [], 0
    for entry in raw:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise malformed("an input has no name")
        name, datatype = entry["name"], entry.get("datatype")
        if not isinstance(datatype, str):
            raise unfit(name, "it has no data type")
        shape = tensors.checked_shape(name, entry.get("shape"))
        size = _parameters(entry).get("binary_data_size")
        if size is None:
            inputs.append(tensors.from_json(name, datatype, shape, entry.get("data")))
            continue
        if type(size) is not int or not 0 <= size <= len(blob) - at or "data" in entry:
            raise unfit(name, "binary_data_size is not a size within the body, or it has data in JSON too")
        inputs.append(tensors.from_binary(name, datatype, shape, blob[at : at + size]))
        at += size
    if at != len(blob):
        raise malformed(f"{len(blob) - at} bytes of binary data belong to no input")
    return inputs


def _asked(raw: Any) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The names of the outputs that a request names, with their parameters."""
    listed = [] if raw is None else raw if isinstance(raw, list) else [None]
    for item in listed:
        entry = item if isinstance(item, dict) else {}
        yield entry.get("name"), _parameters(entry)


def _parameters(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = entry.get("parameters", {})
    if not isinstance(parameters, dict):
        raise malformed('"parameters" must be an object')
    return parameters
