"""An ONNX graph under construction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sealift.contract import Stage
from sealift.graph.constant_folding import fold, reads, strip
from sealift.graph.tensor import ELEMENT, Like, Shape, Tensor, broadcast, concat, stack, where

_ELEMENTWISE = {
    *("Abs", "Add", "And", "Cast", "Clip", "Div", "Equal", "Exp", "Greater", "GreaterOrEqual", "IsInf", "IsNaN"),
    *("LabelEncoder", "Less", "LessOrEqual", "Log", "Max", "Min", "Mul", "Neg", "Not", "Or", "Pow", "Reciprocal"),
    *("Round", "Sign", "Sqrt", "Sub", "Where", "Xor"),
}
"""Operators whose result's column i depends on column i of their operands alone."""

OPSETS = {"": 21, "ai.onnx.ml": 5}
IR_VERSION = 10


class Graph:
    """Nodes and constants, each constant once. Converters use `Tensor` and seldom this."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.top = self.nodes
        """The nodes outside any loop's body."""
        self.opsets: dict[str, int] = dict(OPSETS)
        self.inputs: list[Tensor] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._adopted: list[onnx.TensorProto] = []
        self._by_value: dict[tuple[str, Shape, bytes], Tensor] = {}
        self._count = 0
        self._path: list[str] = []
        self._staged: list[tuple[Tensor, Tensor]] = []
        self.steps: list[Any] = []
        """The converted steps in the order they were finished (`registry.Step`)."""
        self.texts: Sequence[int] = ()
        """For each column of the input `text`, the index of its field."""
        self.arrow: set[int] = set()
        """The fields of strings that Arrow holds in the original's rows."""
        self.stages: list[Stage] = []
        """The text stages that feed the inputs `terms<k>` and `counts<k>`."""
        self.seen: dict[tuple[str, int], tuple[Mapping[str, Collection[Any]], str]] = {}
        """Where to look up the distinct values of the caller's rows, by input tensor and column."""
        self.fields: dict[tuple[str, int], str] = {}
        """The field that each column of an input tensor belongs to."""
        self.absent: dict[str, str] = {}
        """The field of each column that is not fed (`table.Absent`), by the column's name."""
        self.rescue: Callable[[Any, Any, Any], Any] | None = None
        """Asked for an answer in place of a step that is refused, so that the rest can be examined too."""
        self.whole: dict[str, str] = {}
        """The dtype of the fields of whole numbers that a function computes with as such: none may be missing, and none
        beyond the dtype."""
        self.special: list[tuple[Tensor, tuple[float, ...]]] = []
        """Operands of users' functions (N, k), and the values at which the function does something of its own."""
        self.whole_steps = 0
        """How many operations were traced that compute otherwise with whole numbers than with floats."""
        self.closed: dict[str, tuple[Any, ...]] = {}
        """The categories of the fields whose other values the original answers by chance, so that none may come."""

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Name the step that is being converted, for messages."""
        self._path.append(name)
        try:
            yield
        finally:
            self._path.pop()

    @property
    def where(self) -> str:
        """The step being converted: `Pipeline › prep (ColumnTransformer) › scale (StandardScaler)`."""
        return " › ".join(self._path)

    def input(self, name: str, dtype: str, width: int) -> Tensor:
        """Declare a graph input of shape (N, width)."""
        tensor = Tensor(self, name, dtype, (None, width))
        self.inputs.append(tensor)
        return tensor

    def staged(self, stage: Stage) -> tuple[Tensor, Tensor]:
        """Declare what a text stage gives: the columns that each text fills, and how often (N, L)."""
        if stage not in self.stages:
            shape, number = (None, None), len(self.stages)
            terms = Tensor(self, f"terms{number}", "int64", shape)
            self._staged.append((terms, Tensor(self, f"counts{number}", "float64", shape)))
            self.stages.append(stage)
            self.inputs += self._staged[-1]
        return self._staged[self.stages.index(stage)]

    def constant(self, value: object, dtype: str | None = None) -> Tensor:
        """A constant tensor; texts have the dtype object."""
        array = np.asarray(value)
        if dtype is not None:
            array = array.astype(dtype)
        elif array.dtype.kind in "US":
            array = array.astype(object)
        elif array.dtype.kind in "iu":
            array = array.astype(np.int64)
        raw = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
        key = (array.dtype.name, array.shape, raw)
        if key not in self._by_value:
            name = f"c{len(self._constants)}"
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
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
        node = onnx.NodeProto(op_type=kind, domain=domain, input=[t.name for t in inputs], output=[output])
        for key, value in attributes.items():
            node.attribute.append(_attribute(key, value))
        self.nodes.append(node)
        found = Tensor(self, output, dtype, shape)
        if kind in _ELEMENTWISE and len(shape) == 2 and (shape[1] or 0) > 1:
            width = found.width
            if all(t.name in self._constants or t.shape[1:] in ((width,), (1,)) for t in inputs):
                found.compute = lambda indices: self.add(
                    kind,
                    [self._only(tensor, indices, width) for tensor in inputs],
                    dtype,
                    (shape[0], len(indices)),
                    domain=domain,
                    **attributes,
                )
        return found

    def _only(self, operand: Tensor, indices: list[int], width: int) -> Tensor:
        """The part of an operand that the columns at `indices` of a result of `width` columns depend on."""
        if operand.name not in self._constants:
            return operand.only(indices) if operand.width == width else operand
        if operand.shape[-1:] != (width,):
            return operand
        array = numpy_helper.to_array(self._constants[operand.name])
        return self.constant(array[..., indices], operand.dtype)

    def columns_read(self, outputs: Iterable[Tensor]) -> dict[str, set[int]]:
        """Input name → those of its columns that `outputs` depend on.

        Columns are told apart only where each node that reads the input picks columns of it; how many rows there are
        is no column.
        """
        nodes, _ = _needed(self.nodes, {tensor.name for tensor in outputs})
        found: dict[str, set[int]] = {tensor.name: set() for tensor in self.inputs}
        widths = {tensor.name: tensor.shape[1] or 0 for tensor in self.inputs}
        for node in nodes:
            for place, name in enumerate(reads(node)):
                if name not in found or (node.op_type == "Shape" and place == 0):
                    continue
                picked = self._picked(node) if place == 0 else None
                found[name].update(range(widths[name]) if picked is None else picked)
        for tensor in outputs:
            if tensor.name in found:
                found[tensor.name].update(range(widths[tensor.name]))
        return found

    def lacking(self, outputs: Iterable[Tensor]) -> set[str]:
        """The fields that are not fed and that `outputs` depend on nevertheless."""
        _, read = _needed(self.nodes, {tensor.name for tensor in outputs})
        return {field for name, field in self.absent.items() if name in read}

    def _picked(self, node: onnx.NodeProto) -> list[int] | None:
        """The columns that a node picks; None for a node that does something else."""
        along = any(a.name == "axis" and a.i == 1 for a in node.attribute)
        if node.op_type != "Gather" or not along or node.input[1] not in self._constants:
            return None
        picked: list[int] = numpy_helper.to_array(self._constants[node.input[1]]).reshape(-1).tolist()
        return picked

    def each_row(self, x: Tensor, body: Callable[[Tensor], Sequence[Tensor]]) -> list[Tensor]:
        """`body` applied to one row (d,) of `x` after the other; what it gives, stacked along the rows.

        For steps that meet every training record: what a row needs stays small, however many rows there are.
        """
        row = Tensor(self, self.fresh(), x.dtype, x.shape[1:])
        inner, results = self._within([row], lambda: body(row))
        names = [self.fresh() for _ in results]
        self.nodes.append(helper.make_node("Scan", [x.name], names, body=inner, num_scan_inputs=1))
        return [Tensor(self, name, t.dtype, (x.shape[0], *t.shape)) for name, t in zip(names, results, strict=True)]

    def in_blocks(self, x: Tensor, body: Callable[[Tensor], Tensor], size: int) -> Tensor:
        """`body`, which answers rows (n, d) with (n, k), applied to `size` rows of `x` at a time, or to fewer at once.

        For steps that meet every training record by a product of matrices, which is fast for many rows together.
        """
        count = x.op("Shape", dtype="int64", shape=(1,), start=0, end=1)

        def blocks() -> Tensor:
            none = self.constant(np.zeros(1, np.int64))
            pads = [none, none, (-count).op("Mod", np.array([size])), none]
            behind = self.add("Concat", pads, "int64", (4,), axis=0)
            cut = x.op("Pad", behind).op("Reshape", np.array([-1, size, x.width]), shape=(None, size, x.width))
            (found,) = self.each_row(cut, lambda block: [body(block)])
            flat = found.op("Reshape", np.array([-1, found.shape[2]]), shape=(None, found.shape[2]))
            return flat.op("Slice", np.array([0]), count, np.array([0]))

        return self.either(count <= size, lambda: body(x), blocks)

    def repeat(
        self, state: Sequence[Tensor], body: Callable[[list[Tensor]], tuple[Tensor, Sequence[Tensor]]], limit: int
    ) -> list[Tensor]:
        """`body` applied to `state` again and again, `limit` times at most.

        Args:
            state: where it starts; each part keeps its dtype and shape.
            body: gives whether to go on, a bool scalar, and the next state.
            limit: the greatest number of rounds.
        """
        count = Tensor(self, self.fresh(), "int64", ())
        going = Tensor(self, self.fresh(), "bool", ())
        now = [Tensor(self, self.fresh(), t.dtype, t.shape) for t in state]

        def once() -> Sequence[Tensor]:
            proceed, following = body(now)
            return [proceed, *following]

        inner, _ = self._within([count, going, *now], once)
        start = [self.constant(np.array(limit)), self.constant(np.array(True)), *state]
        names = [self.fresh() for _ in state]
        self.nodes.append(helper.make_node("Loop", [t.name for t in start], names, body=inner))
        return [Tensor(self, name, t.dtype, t.shape) for name, t in zip(names, state, strict=True)]

    def either(self, condition: Tensor, yes: Callable[[], Tensor], no: Callable[[], Tensor]) -> Tensor:
        """What `yes` gives where the bool scalar `condition` holds, else what `no` gives; the other is not computed."""
        then_branch, (first,) = self._within([], lambda: [yes()])
        else_branch, _ = self._within([], lambda: [no()])
        name = self.fresh()
        branches = {"then_branch": then_branch, "else_branch": else_branch}
        self.nodes.append(helper.make_node("If", [condition.name], [name], **branches))
        return Tensor(self, name, first.dtype, first.shape)

    def _within(
        self, inputs: Sequence[Tensor], body: Callable[[], Sequence[Tensor]]
    ) -> tuple[onnx.GraphProto, Sequence[Tensor]]:
        """The nodes that `body` adds as a graph of their own, which may read what stands outside it."""
        outer, self.nodes = self.nodes, []
        try:
            results = body()
            copies = [self.fresh() for _ in results]
            nodes = [
                *self.nodes,
                *(helper.make_node("Identity", [t.name], [c]) for t, c in zip(results, copies, strict=True)),
            ]
        finally:
            self.nodes = outer
        declared = [
            helper.make_tensor_value_info(c, ELEMENT[t.dtype], list(t.shape))
            for t, c in zip(results, copies, strict=True)
        ]
        given = [helper.make_tensor_value_info(t.name, ELEMENT[t.dtype], list(t.shape)) for t in inputs]
        return helper.make_graph(nodes, "body", given, declared), results

    def adopt(self, body: onnx.GraphProto) -> None:
        """Take over the nodes and weights of a finished graph, whose names must not be ours."""
        self.nodes.extend(body.node)
        self._adopted.extend(body.initializer)

    def model(self, outputs: dict[str, Tensor], metadata: dict[str, str]) -> onnx.ModelProto:
        """The finished model: what the outputs need and nothing else, declared with true types and shapes."""
        pairs = [(tensor.name, name) for name, tensor in outputs.items()]
        # Asking a lazy matrix for its name lays it out, so the nodes are read after the names.
        nodes, used = _needed(_delivering(self.nodes, pairs), set(outputs))
        weights = {name: weight for name, weight in self._constants.items() if name in used}
        weights |= {weight.name: weight for weight in self._adopted}
        nodes, computed = fold(nodes, weights, set(outputs), self.opsets)
        declared = [helper.make_tensor_value_info(n, ELEMENT[t.dtype], list(t.shape)) for n, t in outputs.items()]
        given = [helper.make_tensor_value_info(t.name, ELEMENT[t.dtype], list(t.shape)) for t in self.inputs]
        body = helper.make_graph(nodes, "sealift", given, declared, _used(nodes, {**weights, **computed}))
        strip(body)
        opsets = [helper.make_opsetid(domain, version) for domain, version in sorted(self.opsets.items())]
        model = helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION, producer_name="sealift")
        helper.set_model_props(model, metadata)
        return model


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
