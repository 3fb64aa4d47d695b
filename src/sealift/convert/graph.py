"""An ONNX graph under construction, and `Tensor`: expressions over it that read and promote like NumPy's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from sealift.contract import Stage

OPSETS = {"": 21, "ai.onnx.ml": 5}
IR_VERSION = 10

Shape: TypeAlias = tuple[int | None, ...]
Like: TypeAlias = "Tensor | npt.NDArray[Any] | float | int | bool"

_ELEMENT = {
    "float64": TensorProto.DOUBLE,
    "float32": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
    "bool": TensorProto.BOOL,
    "object": TensorProto.STRING,
}


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
        self.stages: list[Stage] = []
        """The text stages that feed the inputs `terms<k>` and `counts<k>`."""
        self.seen: dict[tuple[str, int], tuple[Any, ...]] = {}
        """The distinct values of the caller's rows, by input tensor and column; where they were told."""
        self.fields: dict[tuple[str, int], str] = {}
        """The field that each column of an input tensor belongs to."""
        self.rescue: Callable[[Any, Any, Any], Any] | None = None
        """Asked for an answer in place of a step that is refused, so that the rest can be examined too."""
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
        return Tensor(self, output, dtype, shape)

    def each_row(self, x: Tensor, body: Callable[[Tensor], Sequence[Tensor]]) -> list[Tensor]:
        """`body` applied to one row (d,) of `x` after the other; what it gives, stacked along the rows.

        For steps that meet every training record: what a row needs stays small, however many rows there are.
        """
        row = Tensor(self, self.fresh(), x.dtype, x.shape[1:])
        inner, results = self._within([row], lambda: body(row))
        names = [self.fresh() for _ in results]
        self.nodes.append(helper.make_node("Scan", [x.name], names, body=inner, num_scan_inputs=1))
        return [Tensor(self, name, t.dtype, (x.shape[0], *t.shape)) for name, t in zip(names, results, strict=True)]

    def in_blocks(self, x: Tensor, body: Callable[[Tensor], Tensor], size: int = 64) -> Tensor:
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
            helper.make_tensor_value_info(c, _ELEMENT[t.dtype], list(t.shape))
            for t, c in zip(results, copies, strict=True)
        ]
        given = [helper.make_tensor_value_info(t.name, _ELEMENT[t.dtype], list(t.shape)) for t in inputs]
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
        initializers = [self._constants[name] for name in self._constants if name in used] + self._adopted
        declared = [helper.make_tensor_value_info(n, _ELEMENT[t.dtype], list(t.shape)) for n, t in outputs.items()]
        given = [helper.make_tensor_value_info(t.name, _ELEMENT[t.dtype], list(t.shape)) for t in self.inputs]
        body = helper.make_graph(nodes, "sealift", given, declared, initializers)
        opsets = [helper.make_opsetid(domain, version) for domain, version in sorted(self.opsets.items())]
        model = helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION, producer_name="sealift")
        helper.set_model_props(model, metadata)
        return model


class Tensor:
    """A value in the graph. Arithmetic promotes dtypes as NumPy does; `shape` has None for the rows."""

    # NumPy must not take over `array - tensor`.
    __array_ufunc__ = None
    __hash__ = object.__hash__

    def __init__(self, graph: Graph, name: str, dtype: str, shape: Shape) -> None:
        self.graph = graph
        self.name = name
        self.dtype = dtype
        self.shape = shape
        # Where the columns come from, so that picking again or joining neighbours costs no second node.
        self._picked: tuple[Tensor, list[int]] | None = None
        self._column_of: tuple[Tensor, int] | None = None
        self._mirrored: tuple[list[onnx.NodeProto], Tensor] | None = None

    @property
    def width(self) -> int:
        """The number of columns of a matrix."""
        size = self.shape[1]
        assert size is not None
        return size

    def op(
        self, kind: str, *others: Like, dtype: str | None = None, shape: Shape | None = None, **attributes: Any
    ) -> Tensor:
        """Any ONNX operator with this tensor first; keeps dtype and shape unless told."""
        inputs = [self, *(self.lift(other) for other in others)]
        target = self.shape if shape is None else shape
        return self.graph.add(kind, inputs, dtype or self.dtype, target, **attributes)

    def lift(self, value: Like, dtype: str | None = None) -> Tensor:
        """`value` as a tensor of this graph; a bare number takes this tensor's dtype, as in NumPy 2."""
        if isinstance(value, Tensor):
            return value
        if isinstance(value, int | float) and not isinstance(value, np.generic) and dtype is None:
            floating = self.dtype.startswith("float") or isinstance(value, int)
            dtype = self.dtype if floating and self.dtype != "bool" else "float64"
        return self.graph.constant(value, dtype)

    def cast(self, dtype: str) -> Tensor:
        """The same values as `dtype`."""
        if dtype == self.dtype:
            return self
        return self.graph.add("Cast", [self], dtype, self.shape, to=int(_ELEMENT[dtype]))

    def _binary(self, kind: str, other: Like, *, swap: bool = False, result: str | None = None) -> Tensor:
        right = self.lift(other)
        if self.dtype == "object" or right.dtype == "object":
            common = "object"
        else:
            common = np.result_type(self.dtype, right.dtype).name
        pair = [self.cast(common), right.cast(common)]
        if swap:
            pair.reverse()
        return self.graph.add(kind, pair, result or common, broadcast(self.shape, right.shape))

    def __add__(self, other: Like) -> Tensor:
        return self._binary("Add", other)

    def __radd__(self, other: Like) -> Tensor:
        return self._binary("Add", other, swap=True)

    def __sub__(self, other: Like) -> Tensor:
        return self._binary("Sub", other)

    def __rsub__(self, other: Like) -> Tensor:
        return self._binary("Sub", other, swap=True)

    def __mul__(self, other: Like) -> Tensor:
        return self._binary("Mul", other)

    def __rmul__(self, other: Like) -> Tensor:
        return self._binary("Mul", other, swap=True)

    def __truediv__(self, other: Like) -> Tensor:
        return self._binary("Div", other)

    def __rtruediv__(self, other: Like) -> Tensor:
        return self._binary("Div", other, swap=True)

    def __pow__(self, other: Like) -> Tensor:
        return self._binary("Pow", other)

    def __matmul__(self, other: Like) -> Tensor:
        right = self.lift(other)
        common = np.result_type(self.dtype, right.dtype).name
        if len(self.shape) == 1:
            return (self.op("Unsqueeze", np.array([0]), shape=(1, *self.shape)) @ right).row(0)
        if len(right.shape) == 1:
            return (self @ right.matrix()).vector()
        shape: Shape = (*self.shape[:-1], *right.shape[1:])
        # MatMul only where it must be: ONNX Runtime folds a constant factor beside it into an attribute of float32.
        kind = "Gemm" if len(shape) == 2 else "MatMul"
        return self.graph.add(kind, [self.cast(common), right.cast(common)], common, shape)

    def affine(self, weights: npt.NDArray[Any], offset: npt.NDArray[Any]) -> Tensor:
        """`self @ weights + offset` of a matrix (N, k), constants (k, m) and (m,), in one node."""
        common = np.result_type(self.dtype, weights.dtype).name
        constants = [self.graph.constant(weights, common), self.graph.constant(offset, common)]
        return self.graph.add("Gemm", [self.cast(common), *constants], common, (self.shape[0], weights.shape[1]))

    def __neg__(self) -> Tensor:
        return self.op("Neg")

    def __lt__(self, other: Any) -> Tensor:
        return self._binary("Less", other, result="bool")

    def __le__(self, other: Any) -> Tensor:
        return self._binary("LessOrEqual", other, result="bool")

    def __gt__(self, other: Any) -> Tensor:
        return self._binary("Greater", other, result="bool")

    def __ge__(self, other: Any) -> Tensor:
        return self._binary("GreaterOrEqual", other, result="bool")

    def equals(self, other: Like) -> Tensor:
        """Elementwise equality (`==` stays Python's identity, so that tensors can be keys)."""
        return self._binary("Equal", other, result="bool")

    def __and__(self, other: Like) -> Tensor:
        return self._binary("And", other)

    def __or__(self, other: Like) -> Tensor:
        return self._binary("Or", other)

    def __invert__(self) -> Tensor:
        return self.op("Not")

    def isnan(self) -> Tensor:
        """Where the value is NaN."""
        return self.op("IsNaN", dtype="bool")

    def exp(self) -> Tensor:
        """e to the power of the value."""
        return self.op("Exp")

    def log(self) -> Tensor:
        """The natural logarithm."""
        return self.op("Log")

    def sqrt(self) -> Tensor:
        """The square root."""
        return self.op("Sqrt")

    def abs(self) -> Tensor:
        """The magnitude."""
        return self.op("Abs")

    def clip(self, low: float, high: float) -> Tensor:
        """The value, held between `low` and `high`; NaN stays NaN."""
        return self.op("Clip", np.array(low, self.dtype), np.array(high, self.dtype))

    def columns(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """The columns at `indices`, in that order."""
        source, held = self.origin
        wanted = [held[int(i)] for i in indices]
        if len(wanted) == source.width and wanted == list(range(source.width)):
            return source
        picked = np.array(wanted, dtype=np.int64)
        found = source.op("Gather", picked, shape=(self.shape[0], len(wanted)), axis=1)
        found._picked = (source, wanted)
        return found

    @property
    def origin(self) -> tuple[Tensor, Sequence[int]]:
        """The matrix that these columns were picked from, and which of its columns they are."""
        return self._picked or (self, range(self.width))

    def column(self, index: int) -> Tensor:
        """One column as a vector (N,)."""
        found = self.op("Gather", np.array(index, dtype=np.int64), shape=(self.shape[0],), axis=1)
        found._column_of = (self, index)
        return found

    def row(self, index: int) -> Tensor:
        """One row or entry along the first axis."""
        return self.op("Gather", np.array(index, dtype=np.int64), shape=self.shape[1:], axis=0)

    @property
    def mirrored(self) -> Tensor:
        """The columns, and behind them the same columns negated; made once."""
        nodes, found = self._mirrored or ([], self)
        if nodes is not self.graph.top and nodes is not self.graph.nodes:  # what a body holds is not seen outside it
            both = (self.shape[0], 2 * self.width)
            found = self.graph.add("Concat", [self, -self], self.dtype, both, axis=1)
            self._mirrored = self.graph.nodes, found
        return found

    def vector(self) -> Tensor:
        """A one-column matrix as a vector (N,)."""
        return self.column(0)

    def matrix(self) -> Tensor:
        """A vector (N,) as a one-column matrix."""
        if self._column_of is not None:
            source, index = self._column_of
            return source.columns([index])
        return self.op("Unsqueeze", np.array([1]), shape=(self.shape[0], 1))

    def _reduce(self, kind: str, keepdims: bool, axis: int) -> Tensor:
        at = axis % len(self.shape)
        shape = (*self.shape[:at], *((1,) if keepdims else ()), *self.shape[at + 1 :])
        return self.op(kind, np.array([axis]), shape=shape, keepdims=int(keepdims))

    def sum(self, *, keepdims: bool = False, axis: int = -1) -> Tensor:
        """The sum over an axis, the last one unless told."""
        return self._reduce("ReduceSum", keepdims, axis)

    def max(self, *, keepdims: bool = False, axis: int = -1) -> Tensor:
        """The maximum over an axis, the last one unless told."""
        return self._reduce("ReduceMax", keepdims, axis)

    def min(self, *, keepdims: bool = False, axis: int = -1) -> Tensor:
        """The minimum over an axis, the last one unless told."""
        return self._reduce("ReduceMin", keepdims, axis)

    def argmax(self) -> Tensor:
        """The index of the first maximum along the last axis, as NumPy breaks ties."""
        return self.op("ArgMax", dtype="int64", shape=self.shape[:-1], axis=-1, keepdims=0)

    def smallest(self, count: int) -> tuple[Tensor, Tensor]:
        """The `count` smallest along the last axis, ascending, and where they stand; the first among equals."""
        names = [self.graph.fresh(), self.graph.fresh()]
        wanted = self.graph.constant(np.array([count]))
        self.graph.nodes.append(helper.make_node("TopK", [self.name, wanted.name], names, largest=0))
        shape = (*self.shape[:-1], count)
        return Tensor(self.graph, names[0], self.dtype, shape), Tensor(self.graph, names[1], "int64", shape)

    def take_from(self, table: Like) -> Tensor:
        """`table[self]` for int64 indices: rows or entries of a constant."""
        values = self.lift(table)
        return self.graph.add("Gather", [values, self], values.dtype, (*self.shape, *values.shape[1:]), axis=0)


def where(condition: Tensor, yes: Like, no: Like) -> Tensor:
    """`yes` where the condition holds, else `no`; NumPy's promotion."""
    first = yes if isinstance(yes, Tensor) else no
    anchor = first if isinstance(first, Tensor) else condition
    left, right = anchor.lift(yes), anchor.lift(no)
    common = "object" if "object" in (left.dtype, right.dtype) else np.result_type(left.dtype, right.dtype).name
    shape = broadcast(condition.shape, broadcast(left.shape, right.shape))
    return condition.graph.add("Where", [condition, left.cast(common), right.cast(common)], common, shape)


def concat(tensors: Iterable[Tensor]) -> Tensor:
    """Matrices side by side."""
    runs: list[tuple[Tensor, list[int]]] = []
    for tensor in tensors:
        source, held = tensor.origin
        if runs and runs[-1][0] is source:
            runs[-1][1].extend(held)
        else:
            runs.append((source, list(held)))
    parts = [source.columns(held) for source, held in runs]
    if len(parts) == 1:
        return parts[0]
    if all(part.dtype == "object" for part in parts):
        common = "object"
    else:
        common = np.result_type(*(part.dtype for part in parts)).name
    lazy = next((part for part in parts if hasattr(part, "beside")), None)
    if lazy is not None:
        joined: Tensor = lazy.beside(parts, common)
        return joined
    width = sum(part.width for part in parts)
    return parts[0].graph.add("Concat", [p.cast(common) for p in parts], common, (parts[0].shape[0], width), axis=1)


def stack(vectors: Iterable[Tensor]) -> Tensor:
    """Vectors (N,) as the columns of a matrix."""
    return concat(vector.matrix() for vector in vectors)


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape that NumPy's broadcasting gives; None stands for the rows."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    padded = (1,) * (len(longer) - len(shorter)) + tuple(shorter)
    return tuple(y if x == 1 else x for x, y in zip(longer, padded, strict=True))


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
    if names.keys().isdisjoint([*_reads(node), *node.output]):
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
            used.update(_reads(node))
    kept.reverse()
    return kept, used


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    yield from node.input
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            for inner in attribute.g.node:
                yield from _reads(inner)
