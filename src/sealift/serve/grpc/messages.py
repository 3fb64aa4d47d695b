"""The messages of the protocol.

Names and numbers of the fields are those of the Open Inference Protocol, version 2, "Inference Protocol / gRPC". The
classes are made when the module is loaded, in a pool of their own: generated code would depend on the version of
protobuf's compiler, and it could not be loaded beside the generated code of a client of the same protocol.

The tensors of a request are declared as bytes, which have the same encoding as messages, and are decoded one by one: a
body within the limit could otherwise be 44 times as large when it is decoded.
"""

from __future__ import annotations

from typing import Any

from sealift.optional import need
from sealift.serve.http.messages import malformed

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"
HEALTH = "grpc.health.v1.Health"

_METADATA = ["string name = 1", "string datatype = 2", "repeated int64 shape = 3"]
_MESSAGES = {
    # Of grpc.health.v1, the protocol of health checks of gRPC; a status is an enumeration there.
    "HealthCheckRequest": ["string service = 1"],
    "HealthCheckResponse": ["int32 status = 1"],
    "ServerLiveRequest": [],
    "ServerLiveResponse": ["bool live = 1"],
    "ServerReadyRequest": [],
    "ServerReadyResponse": ["bool ready = 1"],
    "ModelReadyRequest": ["string name = 1", "string version = 2"],
    "ModelReadyResponse": ["bool ready = 1"],
    "ServerMetadataRequest": [],
    "ServerMetadataResponse": ["string name = 1", "string version = 2", "repeated string extensions = 3"],
    "ModelMetadataRequest": ["string name = 1", "string version = 2"],
    "TensorMetadata": _METADATA,
    "ModelMetadataResponse": [
        "string name = 1",
        "repeated string versions = 2",
        "string platform = 3",
        "repeated TensorMetadata inputs = 4",
        "repeated TensorMetadata outputs = 5",
    ],
    "ModelInferRequest": [
        "string model_name = 1",
        "string model_version = 2",
        "string id = 3",
        "repeated bytes inputs = 5",  # of InferInputTensor
        "repeated bytes outputs = 6",  # of InferRequestedOutputTensor
        "repeated bytes raw_input_contents = 7",
    ],
    "InferInputTensor": [*_METADATA, "InferTensorContents contents = 5"],
    "InferRequestedOutputTensor": ["string name = 1", "repeated Parameter parameters = 2"],
    "Parameter": ["string key = 1"],  # an entry of a map; the values are not read
    "ModelInferResponse": [
        "string model_name = 1",
        "string model_version = 2",
        "string id = 3",
        "repeated InferOutputTensor outputs = 5",
        "repeated bytes raw_output_contents = 6",
    ],
    "InferOutputTensor": [*_METADATA, "InferTensorContents contents = 5"],
    "InferTensorContents": [
        "repeated bool bool_contents = 1",
        "repeated int32 int_contents = 2",
        "repeated int64 int64_contents = 3",
        "repeated uint32 uint_contents = 4",
        "repeated uint64 uint64_contents = 5",
        "repeated float fp32_contents = 6",
        "repeated double fp64_contents = 7",
        "repeated bytes bytes_contents = 8",
    ],
}


def parse(name: str, data: bytes) -> Any:
    """A message from its bytes. Raises ServeError E704."""
    try:
        return MESSAGES[name].FromString(data)
    except _message.DecodeError:
        raise malformed(f"it is not a message {name}") from None


def _classes() -> dict[str, Any]:
    """The classes by the names of the messages."""
    file = _descriptor_pb2.FileDescriptorProto(name="sealift/inference.proto", package=PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for declared in fields:
            *repeated, kind, field, _, number = declared.split()
            described = message.field.add(name=field, number=int(number))
            described.label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
            if kind in _MESSAGES:
                described.type, described.type_name = _FIELD.TYPE_MESSAGE, f".{PACKAGE}.{kind}"
            else:
                described.type = _FIELD.Type.Value(f"TYPE_{kind.upper()}")
    pool = need("google.protobuf.descriptor_pool", "grpc", _PURPOSE).DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    make = need("google.protobuf.message_factory", "grpc", _PURPOSE).GetMessageClass
    return {name: make(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in _MESSAGES}


_PURPOSE = "The protocol of gRPC"
_message = need("google.protobuf.message", "grpc", _PURPOSE)
_descriptor_pb2 = need("google.protobuf.descriptor_pb2", "grpc", _PURPOSE)
_FIELD = _descriptor_pb2.FieldDescriptorProto
MESSAGES = _classes()
"""The classes of the messages by their names."""
