"""The messages of gRPC against those of another implementation of the protocol."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pb2
from tritonclient.grpc import service_pb2

from sealift.errors import ServeError
from sealift.serve.grpc import messages

_SCOPES = {
    "TensorMetadata": "ModelMetadataResponse",
    "InferInputTensor": "ModelInferRequest",
    "InferRequestedOutputTensor": "ModelInferRequest",
    "InferOutputTensor": "ModelInferResponse",
}
"""Messages that the protocol declares within another one, which makes no difference to their bytes."""

HEALTH = {"HealthCheckRequest", "HealthCheckResponse"}
"""Of another protocol; test_protection.py compares their bytes."""


def theirs(name: str) -> Any:
    if name == "Parameter":
        return service_pb2.ModelInferRequest.DESCRIPTOR.fields_by_name["parameters"].message_type
    outer = _SCOPES.get(name)
    return getattr(getattr(service_pb2, outer) if outer else service_pb2, name).DESCRIPTOR


def declared(descriptor: Any) -> Any:
    message = descriptor_pb2.DescriptorProto()
    descriptor.CopyToProto(message)
    return message.field


@pytest.mark.parametrize("name", sorted(messages.MESSAGES.keys() - HEALTH))
def test_fields_have_the_protocol_s_numbers_and_types(name: str) -> None:
    published = {field.name: field for field in declared(theirs(name))}
    for field in declared(messages.MESSAGES[name].DESCRIPTOR):
        other = published[field.name]
        assert (field.number, field.label) == (other.number, other.label), field.name
        as_bytes = field.type == field.TYPE_BYTES and other.type == field.TYPE_MESSAGE  # the same encoding
        assert field.type == other.type or as_bytes, field.name


def test_the_service_has_the_protocol_s_name() -> None:
    assert service_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"].full_name == messages.SERVICE


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\x05ab", b"\x0a\x02\xff\xfe", b"\x2a\xff\xff\xff\xff\x0f"])
def test_malformed_messages_are_refused(data: bytes) -> None:
    with pytest.raises(ServeError, match="E704"):
        messages.parse("ModelInferRequest", data)
