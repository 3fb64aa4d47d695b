"""`Tensor`: a value in an ONNX graph under construction, with expressions that read and promote like NumPy's."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

Shape: TypeAlias = tuple[int | None, ...]
Like: TypeAlias = "Tensor | npt.NDArray[Any] | float | int | bool"

ELEMENT = {
    "float64": TensorProto.DOUBLE,
    "float32": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
    "bool": TensorProto.BOOL,
    "object": TensorProto.STRING,
}


class Builder(Protocol):
    """The graph that a tensor belongs to, as far as tensors use it (`sealift.graph.builder.Graph`)."""

    nodes: list[onnx.NodeProto]
    """Where nodes are added: the graph's own, or those of the body of a loop or branch."""
    top: list[onnx.NodeProto]
    """The nodes outside the body of any loop or branch."""
    inputs: list[Tensor]

    def constant(self, value: object, dtype: str | None = None) -> Tensor:
        """A constant tensor."""

    def fresh(self, prefix: str = "t") -> str:
        """A name that no other tensor has."""

    def add(
        self, kind: str, inputs: Sequence[Tensor], dtype: str, shape: Shape, *, domain: str = "", **attributes: Any
    ) -> Tensor:
        """Append a node with one output of `dtype` and `shape`."""


class Tensor:
    """A value in the graph. Arithmetic promotes dtypes as NumPy does; `shape` has None for the rows."""

    # NumPy must not take over `array - tensor`.
    __array_ufunc__ = None
    __hash__ = object.__hash__

    def __init__(self, graph: Builder, name: str, dtype: str, shape: Shape) -> None:
        self.graph = graph
        self.name = name
        self.dtype = dtype
        self.shape = shape
        # Where the columns come from, so that picking again or joining neighbours costs no second node.
        self._picked: tuple[Tensor, list[int]] | None = None
        self._column_of: tuple[Tensor, int] | None = None
        self._negated: tuple[list[onnx.NodeProto], Tensor] | None = None
        self.compute: Callable[[list[int]], Tensor] | None = None
        """Computes some columns without the others, given as ascending indices; None where that is not possible."""

    def materialize(self) -> Tensor:
        """A tensor that a node can read; adds the nodes that compute it where there are none yet.

        Raises:
            PackError: E302 where there is no such value (`EditedStrings`, `UnfedColumn`).
        """
        return self

    @property
    def width(self) -> int:
        """The number of columns of a matrix."""
        size = self.shape[1]
        assert size is not None
        return size

    def op(
        self, kind: str, *others: Like, dtype: str | None = None, shape: Shape | None = None, **attributes: Any
    ) -> Tensor:
        """Any ONNX operator with this tensor first; keeps dtype and shape by default."""
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
        return self.graph.add("Cast", [self], dtype, self.shape, to=int(ELEMENT[dtype]))

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
        """The value, limited to the range from `low` to `high`; NaN stays NaN."""
        return self.op("Clip", np.array(low, self.dtype), np.array(high, self.dtype))

    def columns(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """The columns at `indices`, in that order."""
        source, picked = self.origin
        wanted = [picked[int(i)] for i in indices]
        if len(wanted) == source.width and wanted == list(range(source.width)):
            return source
        places = np.array(wanted, dtype=np.int64)
        result = source.op("Gather", places, shape=(self.shape[0], len(wanted)), axis=1)
        result._picked = (source, wanted)
        return result

    def only(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """The columns at `indices`, computed without the others where possible; else as `columns` gives them.

        For steps that drop columns: what was computed of a dropped column does not become part of the model.
        """
        source, picked = self.origin
        wanted = [picked[int(i)] for i in indices]
        distinct = sorted(set(wanted))
        # The body of a loop must not compute again what stands outside it.
        if source.compute is None or len(distinct) == source.width or self.graph.nodes is not self.graph.top:
            return self.columns(indices)
        return source.compute(distinct).columns([distinct.index(i) for i in wanted])

    @property
    def origin(self) -> tuple[Tensor, Sequence[int]]:
        """The matrix that these columns were picked from, and which of its columns they are."""
        return self._picked or (self, range(self.width))

    def column(self, index: int) -> Tensor:
        """One column as a vector (N,)."""
        result = self.op("Gather", np.array(index, dtype=np.int64), shape=(self.shape[0],), axis=1)
        result._column_of = (self, index)
        return result

    def row(self, index: int) -> Tensor:
        """One row or entry along the first axis."""
        return self.op("Gather", np.array(index, dtype=np.int64), shape=self.shape[1:], axis=0)

    def with_negated(self) -> Tensor:
        """The columns, and behind them the same columns negated; computed once."""
        nodes, result = self._negated or ([], self)
        if nodes is not self.graph.top and nodes is not self.graph.nodes:  # what a body holds is not seen outside it
            both = (self.shape[0], 2 * self.width)
            result = self.graph.add("Concat", [self, -self], self.dtype, both, axis=1)
            self._negated = self.graph.nodes, result
        return result

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
        """The sum over an axis, the last one by default."""
        return self._reduce("ReduceSum", keepdims, axis)

    def max(self, *, keepdims: bool = False, axis: int = -1) -> Tensor:
        """The maximum over an axis, the last one by default."""
        return self._reduce("ReduceMax", keepdims, axis)

    def min(self, *, keepdims: bool = False, axis: int = -1) -> Tensor:
        """The minimum over an axis, the last one by default."""
        return self._reduce("ReduceMin", keepdims, axis)

    def argmax(self) -> Tensor:
        """The index of the first maximum along the last axis, as NumPy breaks ties."""
        return self.op("ArgMax", dtype="int64", shape=self.shape[:-1], axis=-1, keepdims=0)

    def smallest(self, count: int) -> tuple[Tensor, Tensor]:
        """The `count` smallest along the last axis, ascending, and where they stand; the first among equals."""
        names = [self.graph.fresh(), self.graph.fresh()]
        wanted = self.graph.constant(np.array([count]))
        self.graph.nodes.append(helper.make_node("TopK", [self.materialize().name, wanted.name], names, largest=0))
        shape = (*self.shape[:-1], count)
        return Tensor(self.graph, names[0], self.dtype, shape), Tensor(self.graph, names[1], "int64", shape)

    def take_from(self, table: Like) -> Tensor:
        """`table[self]` for int64 indices: rows or entries of a constant."""
        values = self.lift(table)
        return self.graph.add("Gather", [values, self], values.dtype, (*self.shape, *values.shape[1:]), axis=0)


def where(condition: Tensor, x: Like, y: Like) -> Tensor:
    """`x` where the condition holds, else `y`; NumPy's promotion."""
    first = x if isinstance(x, Tensor) else y
    anchor = first if isinstance(first, Tensor) else condition
    left, right = anchor.lift(x), anchor.lift(y)
    common = "object" if "object" in (left.dtype, right.dtype) else np.result_type(left.dtype, right.dtype).name
    shape = broadcast(condition.shape, broadcast(left.shape, right.shape))
    return condition.graph.add("Where", [condition, left.cast(common), right.cast(common)], common, shape)


def concat(tensors: Iterable[Tensor]) -> Tensor:
    """Matrices side by side."""
    runs: list[tuple[Tensor, list[int]]] = []
    for tensor in tensors:
        source, picked = tensor.origin
        if runs and runs[-1][0] is source:
            runs[-1][1].extend(picked)
        else:
            runs.append((source, list(picked)))
    parts = [source.columns(picked) for source, picked in runs]
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
    given = [part.cast(common) for part in parts]
    joined = parts[0].graph.add("Concat", given, common, (parts[0].shape[0], width), axis=1)
    home = [(part, i) for part in given for i in range(part.width)]

    def compute(indices: list[int]) -> Tensor:
        runs = itertools.groupby((home[i] for i in indices), key=lambda pair: id(pair[0]))
        chosen = [list(run) for _, run in runs]
        return concat(run[0][0].only([i for _, i in run]) for run in chosen)

    joined.compute = compute
    return joined


def stack(vectors: Iterable[Tensor]) -> Tensor:
    """Vectors (N,) as the columns of a matrix."""
    return concat(vector.matrix() for vector in vectors)


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape that NumPy's broadcasting gives; None stands for the rows."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    padded = (1,) * (len(longer) - len(shorter)) + tuple(shorter)
    return tuple(y if x == 1 else x for x, y in zip(longer, padded, strict=True))
