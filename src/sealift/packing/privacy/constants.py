"""The constants of a graph: numbers by tensor or attribute, and strings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx

from sealift.graph.split_model import SplitModel, elements

# The use of a number: a value that is compared or computed with, the threshold of a split, or the value of a leaf.
Role: TypeAlias = Literal["number", "threshold", "leaf"]

_ROLES: dict[str, Role] = {
    **dict.fromkeys(("nodes_splits", "nodes_values", "nodes_values_as_tensor", "membership_values"), "threshold"),
    **dict.fromkeys(("leaf_weights", "target_weights", "class_weights", "base_values"), "leaf"),
    **dict.fromkeys(("target_weights_as_tensor", "class_weights_as_tensor", "base_values_as_tensor"), "leaf"),
}
_TREES = {"TreeEnsemble", "TreeEnsembleRegressor", "TreeEnsembleClassifier"}
# Whole numbers count as data only where they are compared, computed with, or looked up; elsewhere they are shapes, axes
# and indices.
_LOOKED_UP = {"Gather", "GatherND", "GatherElements"}
_COMPUTED = {"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Add", "Sub", "Mul", "Div", "Where"}
# The origin of a tensor: computed from the inputs; the same, with constants in place of missing values; or other, where
# a number can be one of the graph's constants that was looked up.
Source: TypeAlias = Literal["input", "filled", "other"]
_ARITHMETIC = {
    *("Add", "Sub", "Mul", "Div", "Neg", "Abs", "Pow", "Sqrt", "Exp", "Log", "Reciprocal", "Sigmoid", "Tanh", "Erf"),
    *("Cast", "Identity", "Concat", "Gather", "Slice", "Split", "Transpose", "Reshape", "Squeeze", "Unsqueeze"),
    *("Gemm", "MatMul", "ReduceSum", "ReduceSumSquare", "ReduceMean", "ReduceL1", "ReduceL2"),
}
_PASSED_THROUGH = {"Cast", "Concat", "Identity", "Pad", "Reshape", "Transpose"}
_INTEGER_ATTRIBUTES = {"keys_int64s", "values_int64s", "classlabels_int64s", "cats_int64s"}
_FLOATS = {onnx.TensorProto.DOUBLE: np.float64, onnx.TensorProto.FLOAT: np.float32}


@dataclass(frozen=True)
class Constant:
    """One tensor or attribute of numbers.

    Attributes:
        stored: its numbers as the graph holds them, of any shape and numeric dtype.
        role: what they are used for.
        single: whether they are stored as float32.
    """

    stored: npt.NDArray[Any]
    role: Role = "number"
    single: bool = False

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The numbers as float64; where they are stored otherwise, a copy."""
        return self.stored.astype(np.float64, copy=False)


def numbers_of(model: SplitModel) -> list[Constant]:
    """Every constant of the graph and its subgraphs that can hold data; shapes, axes and indices are left out."""
    constants: list[Constant] = []
    for graph in _graphs(model.proto.graph):
        integers = _integers(graph)
        for tensor in graph.initializer:
            constants += _of_tensor(tensor, "number", model.members, whole=tensor.name in integers)
        for node in graph.node:
            for attribute in node.attribute:
                constants += _of_attribute(node, attribute)
    return [constant for constant in constants if constant.stored.size]


def strings_of(model: onnx.ModelProto) -> set[str]:
    """Every string that the graph and its subgraphs hold."""
    strings: set[bytes] = set()
    for graph in _graphs(model.graph):
        for tensor in graph.initializer:
            strings.update(tensor.string_data)
        for node in graph.node:
            for attribute in node.attribute:
                strings.update(attribute.strings)
                strings.add(attribute.s)
                strings.update(attribute.t.string_data)
    return {text.decode("utf-8", "replace") for text in strings}


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.type == onnx.AttributeProto.GRAPH else attribute.graphs:
                yield from _graphs(inner)


def _integers(graph: onnx.GraphProto) -> set[str]:
    """The names of tensors that hold data if they hold whole numbers, in this graph or one inside it."""
    names: set[str] = set()
    for inner in _graphs(graph):
        for node in inner.node:
            if node.op_type in _LOOKED_UP:
                names.update(node.input[:1])
            elif node.op_type in _COMPUTED:
                names.update(node.input)
    return names


def _of_attribute(node: onnx.NodeProto, attribute: onnx.AttributeProto) -> Iterator[Constant]:
    role = _ROLES.get(attribute.name, "number")
    if attribute.type == onnx.AttributeProto.TENSOR:
        if node.op_type not in _TREES or attribute.name in _ROLES:
            yield from _of_tensor(attribute.t, role, {}, whole=node.op_type not in _TREES)
    elif attribute.floats:
        yield Constant(np.array(attribute.floats, dtype=np.float64), role, single=True)
    elif attribute.ints and attribute.name in _INTEGER_ATTRIBUTES:
        yield Constant(np.array(attribute.ints, dtype=np.float64), role)


def _of_tensor(
    tensor: onnx.TensorProto, role: Role, members: Mapping[str, bytes], *, whole: bool
) -> Iterator[Constant]:
    if tensor.data_type in _FLOATS or (whole and tensor.data_type == onnx.TensorProto.INT64):
        array = elements(tensor, members)
        yield Constant(array, role, single=tensor.data_type == onnx.TensorProto.FLOAT)


def intermediates(model: onnx.ModelProto) -> dict[str, Source]:
    """The tensors that are combined with constants, or are read by a subgraph or a tree ensemble, with their origin.

    Each holds the rows in the units of some step. Only outer tensors, by name, in the order of the graph.
    """
    constants = {tensor.name for tensor in model.graph.initializer if np.prod(tensor.dims, dtype=float) > 1}
    wanted: set[str] = set()
    for node in model.graph.node:
        inner = {name for a in node.attribute if a.type == onnx.AttributeProto.GRAPH for name in _reads(a.g)}
        if inner or node.op_type in _TREES or constants.intersection(node.input):
            wanted.update(node.input, inner)
    for node in reversed(model.graph.node):
        if node.op_type in _PASSED_THROUGH and wanted.intersection(node.output):
            wanted.update(node.input)
    sources = _sources(model.graph)
    return {name: sources[name] for node in model.graph.node for name in node.output if name in wanted}


def _sources(graph: onnx.GraphProto) -> dict[str, Source]:
    sources: dict[str, Source] = dict.fromkeys((given.name for given in graph.input), "input")
    constants = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        given = [sources[name] for name in node.input if name in sources]
        looked_up = node.op_type in _LOOKED_UP and node.input[0] in constants
        source: Source = "other"
        if given and node.op_type in _ARITHMETIC and not looked_up and "other" not in given:
            source = "input" if given == ["input"] * len(given) else "filled"
        elif node.op_type == "Where" and len(node.input) == 3:
            parts = {sources[name] for name in node.input[1:] if name in sources}
            source = "other" if "other" in parts or not parts else "filled"
        sources |= dict.fromkeys(node.output, source)
    return sources


def _reads(graph: onnx.GraphProto) -> Iterator[str]:
    for inner in _graphs(graph):
        for node in inner.node:
            yield from node.input


def pruned(model: onnx.ModelProto, outputs: Sequence[str]) -> onnx.ModelProto:
    """The part of a model that computes `outputs`, which ONNX Runtime infers the types of."""
    wanted = set(outputs)
    nodes = []
    for node in reversed(model.graph.node):
        if wanted.intersection(node.output):
            nodes.append(node)
            wanted.update(node.input)
            wanted.update(name for a in node.attribute if a.type == onnx.AttributeProto.GRAPH for name in _reads(a.g))
    result = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    result.graph.name = "part"
    result.graph.node.extend(reversed(nodes))
    result.graph.initializer.extend(tensor for tensor in model.graph.initializer if tensor.name in wanted)
    result.graph.input.extend(model.graph.input)  # a text stage feeds some from others
    result.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    return result
