"""A graph that the exporter of a framework wrote, placed in a conversion behind the inputs of the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import onnx
from onnx import TensorProto, compose, shape_inference

from sealift.errors import SealError
from sealift.frameworks.registry import unsealable
from sealift.graph.builder import OPSETS, Tensor
from sealift.graph.constant_folding import strip
from sealift.graph.split_model import SplitModel, split
from sealift.graph.table import Table
from sealift.seal.graph import check as check_graph

# The dtype that a tensor of the exported graph has in ours; integers become int64, and narrow floats float32.
_DTYPES: dict[int, str] = {
    **dict.fromkeys((TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16), "float32"),
    TensorProto.DOUBLE: "float64",
    **dict.fromkeys((TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64), "int64"),
    **dict.fromkeys((TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32), "int64"),
    TensorProto.BOOL: "bool",
}
_FLOATS = frozenset({TensorProto.FLOAT, TensorProto.DOUBLE})
_PLAIN = frozenset({TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.BOOL})
_ELEMENT = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "int64": TensorProto.INT64,
    "bool": TensorProto.BOOL,
}


class Placed(NamedTuple):
    """An exported graph within a conversion.

    Attributes:
        results: the results in order, with the sizes that the exporter declares.
        parts: place → the tensors of floats that are computed there, in order.
    """

    results: list[Tensor]
    parts: dict[str, list[Tensor]]


@dataclass(frozen=True)
class ExportedGraph:
    """A graph that computes a whole net.

    Attributes:
        model: the graph, for the operator set that other parts of a conversion use.
        outputs: the tensors of the results, in order; two results can be one tensor.
        places: tensor → the path and type of the module that computes it; empty where the exporter does not record it.
    """

    model: SplitModel
    outputs: tuple[str, ...]
    places: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, proto: onnx.ModelProto, kind: str, places: Mapping[str, str] | None = None) -> ExportedGraph:
        """Take the model that an exporter wrote, without what a sealed file must not contain.

        Args:
            proto: the model, which is changed.
            kind: the type of the original, for messages.
            places: as the attribute.

        Raises:
            PackError: E302 for operators or forms that a sealed file must not have.
        """
        proto.ClearField("metadata_props")
        outputs = tuple(value.name for value in proto.graph.output)
        declared = list({value.name: value for value in proto.graph.output}.values())
        del proto.graph.output[:]
        proto.graph.output.extend(declared)
        strip(proto.graph)
        for node in proto.graph.node:
            node.ClearField("name")
        model = split(proto)
        try:
            check_graph(bytes(model.proto.SerializeToString()), model.sizes, folded=False)
        except SealError as error:
            raise unsealable(error, kind) from None
        return cls(SplitModel(shape_inference.infer_shapes(model.proto), model.members), outputs, places or {})

    def placed(self, x: Table, fed: Sequence[Tensor]) -> Placed:
        """Add the graph to that of a conversion.

        Args:
            x: a table of the conversion.
            fed: the values of the inputs, in their order.
        """
        graph, proto = x.graph, self.model.proto
        prefix = f"{graph.fresh('net')}:"
        body = prefixed(proto.graph, prefix)
        for value, given in zip(proto.graph.input, fed, strict=True):
            tensor, target = given.materialize(), value.type.tensor_type.elem_type
            plain = _ELEMENT.get(tensor.dtype) == target
            node = onnx.helper.make_node(
                "Identity" if plain else "Cast",
                [tensor.name],
                [prefix + value.name],
                **({} if plain else {"to": target}),
            )
            body.node.insert(0, node)
        graph.opsets |= {entry.domain: entry.version for entry in proto.opset_import}
        graph.adopt(body, self.model.members)
        made = {value.name: _output(x, prefix, value) for value in proto.graph.output}
        return Placed([made[name] for name in self.outputs], self._parts(x, prefix))

    def _parts(self, x: Table, prefix: str) -> dict[str, list[Tensor]]:
        proto = self.model.proto.graph
        declared = {value.name: value.type.tensor_type for value in (*proto.value_info, *proto.output)}
        parts: dict[str, list[Tensor]] = {}
        for name, place in self.places.items():
            kind = declared.get(name)
            if kind is None or not kind.HasField("shape") or kind.elem_type not in _FLOATS:
                continue
            shape = tuple(size.dim_value or None for size in kind.shape.dim)
            parts.setdefault(place, []).append(Tensor(x.graph, prefix + name, _DTYPES[kind.elem_type], shape))
        return parts


def prefixed(graph: onnx.GraphProto, prefix: str) -> onnx.GraphProto:
    """A copy of a graph whose names begin with `prefix`."""
    # The bodies of loops read constants of the graph around them, which `onnx.compose` does not rename in bodies unless
    # they are given.
    names = {weight.name: prefix + weight.name for weight in graph.initializer}
    return compose.add_prefix_graph(graph, prefix, name_map=names)


def _output(x: Table, prefix: str, value: onnx.ValueInfoProto) -> Tensor:
    kind = value.type.tensor_type
    shape = (None, *(size.dim_value or None for size in list(kind.shape.dim)[1:]))
    tensor = Tensor(x.graph, prefix + value.name, _DTYPES[kind.elem_type], shape)
    if kind.elem_type in _PLAIN:
        return tensor
    return x.graph.add("Cast", [tensor], tensor.dtype, shape, to=int(_ELEMENT[tensor.dtype]))


OPSET = OPSETS[""]
"""The operator set to export for: that of the nodes around the exported graph."""
