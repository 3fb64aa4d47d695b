"""The graph that a jaxpr becomes: nodes, constants and sizes; the nodes of a loop's body have a scope of their own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from sealift.frameworks.jax.lowering.operands import Operand, Shape, is_fixed, joined, same_shape

_ELEMENT = {
    np.dtype(np.float32): onnx.TensorProto.FLOAT,
    np.dtype(np.float64): onnx.TensorProto.DOUBLE,
    np.dtype(np.bool_): onnx.TensorProto.BOOL,
    np.dtype(np.int8): onnx.TensorProto.INT8,
    np.dtype(np.int16): onnx.TensorProto.INT16,
    np.dtype(np.int32): onnx.TensorProto.INT32,
    np.dtype(np.int64): onnx.TensorProto.INT64,
    np.dtype(np.uint8): onnx.TensorProto.UINT8,
    np.dtype(np.uint16): onnx.TensorProto.UINT16,
    np.dtype(np.uint32): onnx.TensorProto.UINT32,
    np.dtype(np.uint64): onnx.TensorProto.UINT64,
}
_SIZES: dict[type, str] = {ast.Add: "Add", ast.Sub: "Sub", ast.Mult: "Mul"}
_CALLS = {"floordiv": "Div", "mod": "Mod", "max": "Max", "min": "Min"}


class UnknownFormError(Exception):
    """A primitive, or a use of it, that has no form in ONNX. The message says what of it, as the rest of a sentence."""


class Emitter:
    """A graph under construction.

    Attributes:
        nodes: the nodes of the present scope.
        initializers: the constants of the graph.
        places: tensor → the line of the user's code that computes it.
        place: the line of the user's code whose nodes are added now.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self.places: dict[str, str] = {}
        self.place = ""
        self._known: dict[Any, str] = {}
        self._sizes: dict[str, tuple[str, int]] = {}
        self._dims: list[dict[str, str]] = [{}]
        self._count = 0

    def fresh(self) -> str:
        """A name that no other tensor has."""
        self._count += 1
        return f"v{self._count}"

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Append a node with one output, whose name is returned."""
        return self.multi(kind, inputs, 1, **attributes)[0]

    def multi(self, kind: str, inputs: Sequence[str], count: int, **attributes: Any) -> list[str]:
        """Append a node with several outputs."""
        outputs = [self.fresh() for _ in range(count)]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, **attributes))
        return outputs

    def made(self, like: Any, name: str, stored: Shape | None = None) -> Operand:
        """The value of a variable of the aval `like`, computed by the tensor `name`."""
        shape = tuple(like.shape)
        if self.place:
            self.places[name] = self.place
        return Operand(shape, np.dtype(like.dtype), shape if stored is None else stored, name)

    def constant(self, array: npt.ArrayLike, dtype: Any = None) -> str:
        """The name of a constant; equal small ones have one name."""
        elements = np.asarray(array, dtype=dtype)
        key = (str(elements.dtype), elements.shape, elements.tobytes() if elements.nbytes < 4096 else id(array))
        if key not in self._known:
            name = f"w{len(self.initializers)}"
            self.initializers[name] = numpy_helper.from_array(
                np.ascontiguousarray(elements).reshape(elements.shape), name
            )
            self._known[key] = name
            if elements.nbytes >= 4096:
                self._known[name, "kept"] = array  # type: ignore[assignment] # so that its id stays its own
        return self._known[key]

    def ints(self, values: Sequence[int]) -> str:
        """Integers as a constant (n,)."""
        return self.constant(np.asarray(list(values), dtype=np.int64))

    # --- values -------------------------------------------------------------------------------------------------

    def ref(self, value: Operand) -> str:
        """The tensor of a value as it is stored."""
        return self.constant(np.asarray(value.array)) if value.is_constant else value.name

    def full(self, value: Operand) -> str:
        """The tensor of a value in its whole shape."""
        if same_shape(value.stored, value.shape):
            return self.ref(value)
        if value.is_constant and is_fixed(value.shape):
            return self.constant(np.broadcast_to(np.asarray(value.array), value.shape))
        if is_fixed(value.shape) and 0 in value.shape:  # Expand makes no axis empty
            return self.constant(np.zeros(value.shape, value.dtype))
        return self.node("Expand", [self.ref(value), self.dims(value.shape)])

    def array(self, value: Operand) -> npt.NDArray[Any] | None:
        """The elements of a constant in its whole shape; None if they are not known."""
        if not value.is_constant or not is_fixed(value.shape):
            return None
        return np.broadcast_to(np.asarray(value.array), value.shape)

    def cast(self, name: str, dtype: Any) -> str:
        """A tensor in another dtype."""
        return self.node("Cast", [name], to=element(dtype))

    def elementwise(self, kind: str | Callable[..., str], values: Sequence[Operand], like: Any) -> Operand:
        """An operator of each element: a kind, or a function of the operands' names."""
        names = [self.ref(value) for value in values]
        name = self.node(kind, names) if isinstance(kind, str) else kind(*names)
        return self.made(like, name, joined([value.stored for value in values]))

    def reshape(self, name: str, shape: Shape) -> str:
        """A tensor in another shape."""
        free = [at for at, size in enumerate(shape) if not isinstance(size, int | np.integer)]
        if len(free) <= 1 and 0 not in shape:
            return self.node("Reshape", [name, self.ints([-1 if at in free else int(s) for at, s in enumerate(shape)])])
        return self.node("Reshape", [name, self.dims(shape)], allowzero=1)

    def transpose(self, name: str, order: Sequence[int]) -> str:
        """A tensor with its axes in another order."""
        return name if list(order) == list(range(len(order))) else self.node("Transpose", [name], perm=list(order))

    def slice(self, name: str, axis: int, start: int, stop: int, step: int = 1) -> str:
        """A part of a tensor along an axis."""
        return self.node("Slice", [name, *(self.ints([each]) for each in (start, stop, axis, step))])

    # --- sizes --------------------------------------------------------------------------------------------------

    def declare_sizes(self, name: str, shape: Shape) -> None:
        """Take the free sizes of an input, from which others are computed."""
        for at, size in enumerate(shape):
            if not isinstance(size, int | np.integer):
                self._sizes.setdefault(str(size), (name, at))

    def dims(self, shape: Shape) -> str:
        """A shape as a tensor of int64 (n,)."""
        if is_fixed(shape):
            return self.ints([int(size) for size in shape])
        parts = [self.dim(size) for size in shape]
        return parts[0] if len(parts) == 1 else self.node("Concat", parts, axis=0)

    def dim(self, size: Any) -> str:
        """A size as a tensor of int64 (1,)."""
        if isinstance(size, int | np.integer):
            return self.ints([int(size)])
        known, text = self._dims[-1], str(size)
        if text not in known:
            known[text] = self._size(ast.parse(text, mode="eval").body)
        return known[text]

    def _size(self, tree: ast.expr) -> str:
        if isinstance(tree, ast.Constant) and isinstance(tree.value, int):
            return self.ints([tree.value])
        if isinstance(tree, ast.Name) and tree.id in self._sizes:
            name, axis = self._sizes[tree.id]
            return self.node("Shape", [name], start=axis, end=axis + 1)
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
            return self.node("Neg", [self._size(tree.operand)])
        if isinstance(tree, ast.BinOp) and type(tree.op) in _SIZES:
            return self.node(_SIZES[type(tree.op)], [self._size(tree.left), self._size(tree.right)])
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in _CALLS:
            return self.node(_CALLS[tree.func.id], [self._size(each) for each in tree.args])
        raise UnknownFormError(f"with the size {ast.unparse(tree)}")

    @contextmanager
    def scope(self) -> Iterator[list[onnx.NodeProto]]:
        """Add nodes to a body until the end of the block."""
        outer, self.nodes = self.nodes, []
        self._dims.append(dict(self._dims[-1]))
        try:
            yield self.nodes
        finally:
            self.nodes = outer
            self._dims.pop()


def element(dtype: Any) -> int:
    """The element type of ONNX. Raises UnknownFormError for other numbers than integers, booleans, float32, float64."""
    kind = _ELEMENT.get(np.dtype(dtype)) if isinstance(dtype, np.dtype | type) else None
    if kind is None:
        raise UnknownFormError(f"with numbers of the type {dtype}")
    return int(kind)


def info(name: str, dtype: Any, shape: Shape) -> onnx.ValueInfoProto:
    """The declaration of an input or output of a graph."""
    sizes = [int(size) if isinstance(size, int | np.integer) else None for size in shape]
    return helper.make_tensor_value_info(name, element(dtype), sizes)
