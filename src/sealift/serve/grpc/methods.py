"""The methods of the protocol: bytes of a request → bytes and trailing metadata of the response."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from sealift.errors import SealiftError, ServeError
from sealift.serve.calls import Call
from sealift.serve.grpc import contents
from sealift.serve.grpc.messages import MESSAGES, SERVICE, parse
from sealift.serve.http.messages import RequestLimits, malformed, status_of
from sealift.serve.logs import report
from sealift.serve.service import Service
from sealift.serve.v2 import metadata, rows, tensors
from sealift.serve.v2.tensors import DATATYPES, InferTensor, unfit

_NONE: Mapping[str, str] = {}


class Reply(NamedTuple):
    """A response: its message, and its trailing metadata."""

    data: bytes
    metadata: Mapping[str, str] = _NONE


Method: TypeAlias = Callable[[Service, bytes, Mapping[str, str]], Reply]
"""Given the service, the request and its metadata. It raises SealiftError."""
_SERVING, _NOT_SERVING = 1, 2
_MORE = 1024
"""Inputs beyond the model's fields up to which a request is read, so that an error can name them."""


def _server_live(_service: Service, data: bytes, _headers: Mapping[str, str]) -> Reply:
    parse("ServerLiveRequest", data)
    return _message("ServerLiveResponse", live=True)


def _server_ready(service: Service, data: bytes, _headers: Mapping[str, str]) -> Reply:
    parse("ServerReadyRequest", data)
    return _message("ServerReadyResponse", ready=service.ready)


def _server_metadata(_service: Service, data: bytes, _headers: Mapping[str, str]) -> Reply:
    parse("ServerMetadataRequest", data)
    described = metadata.server()
    return _message("ServerMetadataResponse", name=described["name"], version=described["version"])


def _model_ready(service: Service, data: bytes, headers: Mapping[str, str]) -> Reply:
    request = parse("ModelReadyRequest", data)
    service.caller(headers, "predict")
    return _message("ModelReadyResponse", ready=service.plane.find(request.name, request.version or None).ready)


def _model_metadata(service: Service, data: bytes, headers: Mapping[str, str]) -> Reply:
    request = parse("ModelMetadataRequest", data)
    service.caller(headers, "predict")
    served = service.plane.find(request.name, request.version or None)
    described = metadata.model(served, service.plane.versions(request.name))
    for tensor in (*described["inputs"], *described["outputs"]):
        tensor.pop("parameters", None)  # the protocol has no place for them
    return _message("ModelMetadataResponse", **described)


def _model_infer(service: Service, data: bytes, headers: Mapping[str, str]) -> Reply:
    request = parse("ModelInferRequest", data)
    call = service.begin(request.model_name, request.model_version or None, "grpc", headers)
    status = 500
    try:
        response = _infer(call, request, service.limits)
        reply = Reply(response, service.receipt(call, 200))
        status = 200
        return reply
    except SealiftError as error:
        call.error = error.code
        status = status_of(error)
        if status >= 500:
            report(error, call)
        raise
    except Exception as error:
        call.error = "E901"
        report(error, call)
        raise
    finally:
        service.end(call, status)


def _infer(call: Call, request: Any, limits: RequestLimits) -> bytes:
    """The response in the form of the request: raw, or with typed contents."""
    model = call.model
    wanted = rows.wanted(model.contract, _asked(request))
    inputs = _inputs(request, len(model.contract.inputs), limits)
    answered = rows.answer(call, inputs)
    response = MESSAGES["ModelInferResponse"](model_name=model.name, model_version=model.version, id=request.id)
    for name in wanted:
        array = answered.outputs[name]
        datatype = DATATYPES[model.contract.output(name).dtype]
        tensor = response.outputs.add(name=name, datatype=datatype, shape=array.shape)
        if request.raw_input_contents:
            response.raw_output_contents.append(tensors.to_binary(array, datatype))
        else:
            contents.write(array, datatype, tensor.contents)
    return bytes(response.SerializeToString())


def _asked(request: Any) -> Iterator[tuple[str, Mapping[str, bool]]]:
    """The outputs that a request names, with the names of their parameters."""
    for data in request.outputs:
        output = parse("InferRequestedOutputTensor", data)
        yield output.name, {parameter.key: True for parameter in output.parameters}


def _inputs(request: Any, fields: int, limits: RequestLimits) -> list[InferTensor]:
    raw = request.raw_input_contents
    if len(request.inputs) > fields + _MORE:
        raise malformed(f"it has {len(request.inputs)} inputs, and the model has {fields} fields")
    if raw and len(raw) != len(request.inputs):
        raise malformed(f"it has {len(request.inputs)} inputs, and {len(raw)} entries in raw_input_contents")
    inputs: list[InferTensor] = []
    left = limits.values
    for i, data in enumerate(request.inputs):
        tensor = parse("InferInputTensor", data)
        name, datatype = tensor.name, tensor.datatype
        shape = tensors.checked_shape(name, list(tensor.shape[: tensors.MOST_DIMENSIONS + 1]))
        left -= contents.count(tensor.contents)
        if left < 0:
            raise ServeError(
                "E706",
                f"The request has more than {limits.values} values in typed contents.",
                fix="Send fewer rows in one request, or raw_input_contents.",
            )
        if not raw:
            inputs.append(contents.read(name, datatype, shape, tensor.contents))
        elif tensor.contents.ListFields():
            raise unfit(name, "it has both contents and raw_input_contents")
        else:
            inputs.append(tensors.from_binary(name, datatype, shape, memoryview(raw[i])))
    return inputs


def _message(name: str, /, **fields: Any) -> Reply:
    return Reply(MESSAGES[name](**fields).SerializeToString())


def check_health(service: Service, data: bytes, _headers: Mapping[str, str]) -> Reply:
    """`Check` of grpc.health.v1 for the server (the empty name), or its service. Raises ServeError E702."""
    name = parse("HealthCheckRequest", data).service
    if name not in ("", SERVICE):
        raise ServeError("E702", f"There is no service {name!r:.80}.", fix=f"Use the empty name, or {SERVICE}.")
    return _message("HealthCheckResponse", status=_SERVING if service.ready else _NOT_SERVING)


METHODS: Mapping[str, Method] = {
    "ServerLive": _server_live,
    "ServerReady": _server_ready,
    "ServerMetadata": _server_metadata,
    "ModelReady": _model_ready,
    "ModelMetadata": _model_metadata,
    "ModelInfer": _model_infer,
}
"""The methods by their names."""
OPEN = frozenset({_server_live, _server_ready, _server_metadata, check_health})
"""Methods that need no credentials. For an empty message they answer about the server."""
