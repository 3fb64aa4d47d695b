"""An ONNX graph under construction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sealift.graph.constant_folding import fold, reads, strip
from sealift.graph.split_model import SplitModel, elements, limited, member_of, outside, take_out
from sealift.graph.tensor import ELEMENT, Like, Shape, Tensor, broadcast, concat, stack, where

_ELEMENTWISE = {
    *("Abs", "Add", "And", "Cast", "Clip", "Div", "Equal", "Exp", "Greater", "GreaterOrEqual", "IsInf", "IsNaN"),
    *("LabelEncoder", "Less", "LessOrEqual", "Log", "Max", "Min", "Mul", "Neg", "Not", "Or", "Pow", "Reciprocal"),
    *("Round", "Sign", "Sqrt", "Sub", "Where", "Xor"),
}
"""Operators whose result's column i depends only on column i of their operands."""

OPSETS = {"": 21, "ai.onnx.ml": 5}
IR_VERSION = 10


class Graph:
    """The nodes, inputs and constants of a graph, each constant once. Converters mostly use `Tensor`."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.top = self.nodes
        """The nodes outside any loop's body."""
        self.opsets: dict[str, int] = dict(OPSETS)
        self.inputs: list[Tensor] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._adopted: list[onnx.TensorProto] = []
        self._members: dict[str, bytes] = {}
        self._by_value: dict[tuple[str, Shape, bytes], Tensor] = {}
        self._count = 0

    def input(self, name: str, dtype: str, width: int) -> Tensor:
        """Declare a graph input of shape (N, width)."""
        tensor = Tensor(self, name, dtype, (None, width))
        self.inputs.append(tensor)
        return tensor

    def constant(self, value: object, dtype: str | None = None) -> Tensor:
        """A constant tensor; strings have the dtype object."""
        array = np.asarray(value)
        if dtype is not None:
            array = array.astype(dtype)
        elif array.dtype.kind in "US":
            array = array.astype(object)
        elif array.dtype.kind in "iu":
            array = array.astype(np.int64)
        name = f"c{len(self._constants)}"
        tensor = outside(name, array, self._members)
        if tensor is not None:
            raw = member_of(tensor).encode()
        else:
            raw = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
        key = (array.dtype.name, array.shape, raw)
        if key not in self._by_value:
            self._constants[name] = tensor or numpy_helper.from_array(
                np.ascontiguousarray(array).reshape(array.shape), name
            )
            self._by_value[key] = Tensor(self, name, array.dtype.name, array.shape)
        return self._by_value[key]

    def fresh(self, prefix: str = "t") -> str:
        """A name that no other tensor has."""
        self._count += 1
        return f"{prefix}{self._count}"

    def add(
        self, kind: str, inputs: Sequence[Tensor], dtype: str, shape: Shape, *, domain: str = "", **attributes: Any
    ) -> Tensor:
        """Append a node with one output of `dtype` and `shape`; array attributes of any length are cheap."""
        output = self.fresh()
        node = onnx.NodeProto(
            op_type=kind, domain=domain, input=[t.materialize().name for t in inputs], output=[output]
        )
        for key, value in attributes.items():
            node.attribute.append(_attribute(key, value))
        self.nodes.append(node)
        result = Tensor(self, output, dtype, shape)
        if kind in _ELEMENTWISE and len(shape) == 2 and (shape[1] or 0) > 1:
            width = result.width
            if all(t.name in self._constants or t.shape[1:] in ((width,), (1,)) for t in inputs):
                result.compute = lambda indices: self.add(
                    kind,
                    [self._only(tensor, indices, width) for tensor in inputs],
                    dtype,
                    (shape[0], len(indices)),
                    domain=domain,
                    **attributes,
                )
        return result

    def _only(self, operand: Tensor, indices: list[int], width: int) -> Tensor:
        """The part of an operand that the columns at `indices` of a result of `width` columns depend on."""
        if operand.name not in self._constants:
            return operand.only(indices) if operand.width == width else operand
        if operand.shape[-1:] != (width,):
            return operand
        array = elements(self._constants[operand.name], self._members)
        return self.constant(array[..., indices], operand.dtype)

    def columns_read(self, outputs: Iterable[Tensor]) -> dict[str, set[int]]:
        """Input name → those of its columns that `outputs` depend on.

        Columns are distinguished only where each node that reads the input picks columns of it. The number of rows
        depends on no column.
        """
        names = {tensor.materialize().name for tensor in outputs}
        nodes, _ = _needed(self.nodes, names)
        columns: dict[str, set[int]] = {tensor.name: set() for tensor in self.inputs}
        widths = {tensor.name: tensor.shape[1] or 0 for tensor in self.inputs}
        for node in nodes:
            for place, name in enumerate(reads(node)):
                if name not in columns or (node.op_type == "Shape" and place == 0):
                    continue
                picked = self._picked(node) if place == 0 else None
                columns[name].update(range(widths[name]) if picked is None else picked)
        for name in names & columns.keys():
            columns[name].update(range(widths[name]))
        return columns

    def names_read(self, outputs: Iterable[Tensor]) -> set[str]:
        """The names of all tensors that `outputs` depend on."""
        return _needed(self.nodes, {tensor.materialize().name for tensor in outputs})[1]

    def _picked(self, node: onnx.NodeProto) -> list[int] | None:
        """The columns that a node picks; None for a node that does something else."""
        along = any(a.name == "axis" and a.i == 1 for a in node.attribute)
        if node.op_type != "Gather" or not along or node.input[1] not in self._constants:
            return None
        picked: list[int] = elements(self._constants[node.input[1]], self._members).reshape(-1).tolist()
        return picked

    def adopt(self, body: onnx.GraphProto, members: Mapping[str, bytes]) -> None:
        """Take over the nodes and weights of a finished graph, whose names must not be ours.

        Args:
            body: the graph.
            members: the elements of its large constants, as of `SplitModel`.
        """
        self.nodes.extend(body.node)
        self._adopted.extend(body.initializer)
        self._members |= members

    def model(self, outputs: dict[str, Tensor], metadata: dict[str, str]) -> onnx.ModelProto:
        """As `split`, with all constants inside."""
        return self.split(outputs, metadata).whole()

    def split(self, outputs: dict[str, Tensor], metadata: dict[str, str]) -> SplitModel:
        """The finished model: what the outputs need and nothing else, declared with true types and shapes."""
        # Materializing a lazy matrix adds nodes, so the nodes are read afterwards.
        pairs = [(tensor.materialize().name, name) for name, tensor in outputs.items()]
        nodes, used = _needed(_delivering(self.nodes, pairs), set(outputs))
        weights = {name: weight for name, weight in self._constants.items() if name in used}
        weights |= {weight.name: weight for weight in self._adopted}
        nodes, computed = fold(nodes, weights, self._members, set(outputs), self.opsets)
        members = dict(self._members)
        for weight in computed.values():
            take_out(weight, members)
        declared = [helper.make_tensor_value_info(n, ELEMENT[t.dtype], list(t.shape)) for n, t in outputs.items()]
        given = [helper.make_tensor_value_info(t.name, ELEMENT[t.dtype], list(t.shape)) for t in self.inputs]
        constants = limited(_used(nodes, {**weights, **computed}), members)
        body = helper.make_graph(nodes, "sealift", given, declared, constants)
        strip(body)
        opsets = [helper.make_opsetid(domain, version) for domain, version in sorted(self.opsets.items())]
        model = helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION, producer_name="sealift")
        helper.set_model_props(model, metadata)
        return SplitModel.of(model, members)


def _used(nodes: Sequence[onnx.NodeProto], weights: Mapping[str, onnx.TensorProto]) -> list[onnx.TensorProto]:
    used = {name for node in nodes for name in reads(node)}
    return [weight for name, weight in weights.items() if name in used]


def _attribute(key: str, value: Any) -> onnx.AttributeProto:
    # helper.make_attribute checks each element in Python, which takes seconds for a forest's arrays
    attribute = onnx.AttributeProto(name=key)
    if isinstance(value, np.ndarray) and value.dtype == np.int64 and value.ndim == 1:
        attribute.type = onnx.AttributeProto.INTS
        attribute.ints.extend(value.tolist())
        return attribute
    if isinstance(value, np.ndarray):
        attribute.type = onnx.AttributeProto.TENSOR
        attribute.t.CopyFrom(numpy_helper.from_array(value, key))
        return attribute
    return helper.make_attribute(key, value)


def _delivering(nodes: Sequence[onnx.NodeProto], pairs: Sequence[tuple[str, str]]) -> list[onnx.NodeProto]:
    """The nodes with each (tensor, output) pair's tensor under the output's name.

    A node's result is renamed, since a copy of it would cost every row of one a part of a microsecond; only what no
    node here makes (an input, a constant) or what two outputs share is copied.
    """
    made = {name for node in nodes for name in node.output}
    names: dict[str, str] = {}
    copies = []
    for tensor, output in pairs:
        if tensor in made and tensor not in names:
            names[tensor] = output
        else:
            copies.append(helper.make_node("Identity", [names.get(tensor, tensor)], [output]))
    return [*(_renamed(node, names) for node in nodes), *copies]


def _renamed(node: onnx.NodeProto, names: dict[str, str]) -> onnx.NodeProto:
    if names.keys().isdisjoint([*reads(node), *node.output]):
        return node
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    for side in (copy.input, copy.output):
        side[:] = [names.get(name, name) for name in side]
    for attribute in copy.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            inner = [_renamed(each, names) for each in attribute.g.node]
            del attribute.g.node[:]
            attribute.g.node.extend(inner)
    return copy


def _needed(nodes: list[onnx.NodeProto], wanted: set[str]) -> tuple[list[onnx.NodeProto], set[str]]:
    kept: list[onnx.NodeProto] = []
    used = set(wanted)
    for node in reversed(nodes):
        if used.intersection(node.output):
            kept.append(node)
            used.update(reads(node))
    kept.reverse()
    return kept, used


__all__ = ["Graph", "Like", "Shape", "Tensor", "broadcast", "concat", "stack", "where"]
