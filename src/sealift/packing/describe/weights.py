"""Large constants of a graph as members of their own, which processes can map (spec/SEAL.md §7)."""

from __future__ import annotations

import hashlib
import math

import onnx
from onnx import numpy_helper

from sealift.runtime.weights import element_size

LEAST = 1 << 20
"""Bytes from which a constant is a member of its own. Below, the header and the digest cost more than mapping saves."""
_MOST = 1024
"""The most members for weights (spec/SEAL.md §2)."""


def split(graph: bytes) -> dict[str, bytes]:
    """`model.onnx` and its weights by member name, out of a serialised graph."""
    if len(graph) < LEAST:
        return {"model.onnx": graph}
    model = onnx.load_model_from_string(graph)
    large = [tensor for tensor in model.graph.initializer if _size(tensor) >= LEAST]
    members: dict[str, bytes] = {}
    for tensor in sorted(large, key=_size, reverse=True)[:_MOST]:
        body = tensor.raw_data or _raw(tensor)
        member = f"weights/{hashlib.sha256(body).hexdigest()}"
        members[member] = body
        for field in ("raw_data", "float_data", "double_data", "int32_data", "int64_data", "uint64_data"):
            tensor.ClearField(field)
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=member)
    return {"model.onnx": model.SerializeToString() if members else graph, **members}


def _size(tensor: onnx.TensorProto) -> int:
    return int(math.prod(tensor.dims)) * element_size(tensor.data_type)


def _raw(tensor: onnx.TensorProto) -> bytes:
    array = numpy_helper.to_array(tensor)
    return bytes(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
