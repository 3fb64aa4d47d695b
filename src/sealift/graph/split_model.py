"""A model whose large constants stand beside its graph, so that no copy of the graph copies them.

Checking, inferring shapes, cutting and opening a graph serialise it each time. So large constants are taken out when
they enter the graph, and are members of the sealed file under the same names in the end (spec/SEAL.md §7).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from sealift.runtime import AnyEngine, open_engine
from sealift.runtime.weights import Weights, array_of, element_size
from sealift.stages import Stages

LEAST = 1 << 20
"""Bytes from which a constant is a member of its own. Below, the header and the digest cost more than mapping saves."""
_MOST = 1024
"""The most members for weights (spec/SEAL.md §2)."""
_DATA = ("raw_data", "float_data", "double_data", "int32_data", "int64_data", "uint64_data")


@dataclass(frozen=True)
class SplitModel:
    """A model, and the elements of its large constants.

    Attributes:
        proto: the model, whose large constants name members as the place of their elements.
        members: name of a member, `weights/` and the SHA-256 of its bytes → its bytes.
    """

    proto: onnx.ModelProto
    members: Mapping[str, bytes]

    @classmethod
    def of(cls, model: onnx.ModelProto, members: Mapping[str, bytes]) -> SplitModel:
        """The model with those members that it names."""
        names = (member_of(tensor) for tensor in model.graph.initializer)
        return cls(model, {name: members[name] for name in names if name})

    @property
    def weights(self) -> Weights | None:
        """The members as constants; None where there are none."""
        arrays = {
            tensor.name: elements(tensor, self.members) for tensor in self.proto.graph.initializer if member_of(tensor)
        }
        if not arrays:
            return None
        return Weights(arrays, shared=not _transposes(self.proto.graph), members=self.members)

    @property
    def sizes(self) -> dict[str, int]:
        """The bytes of each member, as `seal.graph.check` asks for them."""
        return {name: len(body) for name, body in self.members.items()}

    @cached_property
    def serialized(self) -> bytes:
        """The model without the members, as bytes."""
        return bytes(self.proto.SerializeToString())

    def engine(self, *, threads: int | None = None, stages: Stages | None = None) -> AnyEngine:
        """As `open_engine`. Raises SealError E207, E210."""
        return open_engine(self.serialized, threads=threads, stages=stages, weights=self.weights)

    def whole(self) -> onnx.ModelProto:
        """The model with all its constants inside."""
        if not self.members:
            return self.proto
        model = onnx.ModelProto()
        model.CopyFrom(self.proto)
        for tensor in model.graph.initializer:
            if member_of(tensor):
                _take_in(tensor, self.members)
        return model


def split(model: onnx.ModelProto) -> SplitModel:
    """The model without its large constants, which are taken out of `model` itself."""
    members: dict[str, bytes] = {}
    for tensor in model.graph.initializer:
        take_out(tensor, members)
    # What was cleared is freed with its message.
    return SplitModel(onnx.load_model_from_string(model.SerializeToString()) if members else model, members)


def take_out(tensor: onnx.TensorProto, members: MutableMapping[str, bytes]) -> None:
    """Move the elements of a tensor to `members`, where they are many."""
    if tensor.external_data or math.prod(tensor.dims) * element_size(tensor.data_type) < LEAST:
        return
    body = tensor.raw_data or _raw(numpy_helper.to_array(tensor))
    for name in _DATA:
        tensor.ClearField(name)
    _name(tensor, _keep(body, members))


def outside(name: str, array: npt.NDArray[np.generic], members: MutableMapping[str, bytes]) -> onnx.TensorProto | None:
    """A constant whose elements are moved to `members`; None where they are few or of another type."""
    if array.dtype.kind not in "fiu" or array.nbytes < LEAST:
        return None
    element = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    if not element_size(element):
        return None
    tensor = onnx.TensorProto(name=name, data_type=element, dims=array.shape)
    _name(tensor, _keep(_raw(array), members))
    return tensor


def limited(tensors: Sequence[onnx.TensorProto], members: Mapping[str, bytes]) -> list[onnx.TensorProto]:
    """The constants of a graph with the largest ones outside, as many as a file may have."""
    large = [tensor for tensor in tensors if member_of(tensor)]
    if len(large) <= _MOST:
        return list(tensors)
    large.sort(key=lambda tensor: len(members[member_of(tensor)]), reverse=True)
    inside = {tensor.name for tensor in large[_MOST:]}
    result = []
    for tensor in tensors:
        copy = onnx.TensorProto()
        copy.CopyFrom(tensor)
        if tensor.name in inside:
            _take_in(copy, members)
        result.append(copy)
    return result


def elements(tensor: onnx.TensorProto, members: Mapping[str, bytes]) -> npt.NDArray[np.generic]:
    """The elements of a tensor, wherever they are."""
    member = member_of(tensor)
    return array_of(members[member], tensor.data_type, tensor.dims) if member else numpy_helper.to_array(tensor)


def member_of(tensor: onnx.TensorProto) -> str:
    """The member that holds the elements of a tensor; empty where the tensor holds them."""
    return next((entry.value for entry in tensor.external_data if entry.key == "location"), "")


def _name(tensor: onnx.TensorProto, member: str) -> None:
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=member)


def _keep(body: bytes, members: MutableMapping[str, bytes]) -> str:
    member = f"weights/{hashlib.sha256(body).hexdigest()}"
    members.setdefault(member, body)
    return member


def _take_in(tensor: onnx.TensorProto, members: Mapping[str, bytes]) -> None:
    tensor.raw_data = members[member_of(tensor)]
    tensor.ClearField("external_data")
    tensor.ClearField("data_location")


def _raw(array: npt.NDArray[np.generic]) -> bytes:
    return bytes(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())


def _transposes(graph: onnx.GraphProto) -> bool:
    return any(
        node.op_type == "Transpose" or any(_transposes(attribute.g) for attribute in node.attribute if attribute.g.node)
        for node in graph.node
    )
