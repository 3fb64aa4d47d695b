"""Shapes: broadcasting, reshaping and turning arrays whose rows are not known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.graph.tensor import Builder, Shape, Tensor
from sealift.tracing import dispatch
from sealift.tracing.array import Array, dtype_of, is_array
from sealift.tracing.unsupported import ROWS, UnsupportedOperation, rows_at_once


def broadcast(*shapes: Shape) -> Shape:
    """NumPy's broadcast shape. Raises UnsupportedOperation where the axis of the rows is combined with another axis."""
    rank = max(len(shape) for shape in shapes)
    result: list[int | None] = []
    for axis in range(rank):
        value = {shape[axis - rank + len(shape)] for shape in shapes if axis - rank + len(shape) >= 0} - {1}
        if len(value) > 1:
            raise UnsupportedOperation(
                f"it combines arrays whose shapes do not fit: {', '.join(map(_shown, shapes))}",
                "Give a column the shape (rows, 1) with x[:, [0]] or x[:, None] before combining it with a matrix.",
            )
        result.append(value.pop() if value else 1)
    if result.count(None) > 1:
        raise rows_at_once(
            "combining a column with a row of the same data",
            "Both must have the rows in front: use x[:, [0]] rather than x[:, 0] beside a matrix.",
        )
    return tuple(result)


def constant(graph: Builder, value: Any) -> Tensor:
    """A constant of the user's as a tensor. One with as many entries as there are rows must be the same in each."""
    array = np.asarray(value)
    if array.dtype.kind in "OUS":
        if not all(isinstance(entry, str) for entry in array.reshape(-1).tolist()):
            raise UnsupportedOperation(
                "it uses objects that are neither numbers nor strings", "Use numbers, booleans or strings."
            )
        array = array.astype(object)
    elif ROWS in array.shape:
        axis = array.shape.index(ROWS)
        first = np.take(array, [0], axis=axis)
        if array.tobytes() != np.broadcast_to(first, array.shape).tobytes():
            raise rows_at_once(
                "an array with a value of its own for each row (a row number, or random numbers)",
                "The answer for a row must depend on this row only.",
            )
        array = first
    elif array.size and (np.abs(array.astype(np.float64)) == ROWS).any():
        raise rows_at_once("computing with the number of rows")
    if array.dtype.kind in "iu":
        array = array.astype(np.int64)
    return graph.constant(array, None if array.dtype == object else dtype_of(array.dtype))


def operand(graph: Builder, value: Any) -> Tensor:
    """A placeholder's tensor, or the user's constant as one."""
    return value.tensor() if is_array(value) else constant(graph, value)


@dispatch.transpose.implement
def transpose(array: Array, axes: Sequence[int] | None = None) -> Array:
    """The axes in another order, the reverse by default."""
    tensor = array.tensor()
    order = list(axes) if axes is not None else list(range(array.ndim))[::-1]
    order = [axis % array.ndim for axis in order]
    if order == list(range(array.ndim)):
        return array.shared(tensor, array.missing)
    shape = tuple(tensor.shape[axis] for axis in order)
    return array.shared(tensor.op("Transpose", shape=shape, perm=order))


def reshape(array: Array, wanted: Any) -> Array:
    """Another shape whose first axis still holds the rows."""
    tensor = array.tensor()
    sizes = list(np.atleast_1d(np.asarray(wanted)).tolist())
    if array.ndim == 0 or tensor.shape[0] is not None:
        raise _mixing()
    rest = math.prod(size for size in tensor.shape[1:] if size is not None)
    if sizes and sizes[0] == ROWS * rest and rest > 1:
        raise _mixing()
    known = math.prod(size for size in sizes[1:] if size != -1)
    if -1 in sizes[1:] and sizes[0] == ROWS and known:
        sizes[1 + sizes[1:].index(-1)] = rest // known
    if not sizes or sizes[0] not in (-1, ROWS) or math.prod(sizes[1:]) != rest:
        raise _mixing()
    shape: Shape = (None, *sizes[1:])
    return array if shape == tensor.shape else array.shared(shaped(tensor, shape))


def shaped(tensor: Tensor, shape: Shape) -> Tensor:
    """The values in row-major order under another shape, in which the one None is the axis of the rows."""
    return tensor.op("Reshape", np.array([-1 if size is None else size for size in shape]), shape=shape)


def expand(array: Array, axis: int) -> Array:
    """A new axis of length one."""
    tensor = array.tensor()
    at = axis % (array.ndim + 1)
    shape = (*tensor.shape[:at], 1, *tensor.shape[at:])
    return array.shared(tensor.op("Unsqueeze", np.array([at]), shape=shape))


def squeeze(array: Array, axis: Any = None) -> Array:
    """Without the axes of length one."""
    tensor = array.tensor()
    given = [i for i, size in enumerate(tensor.shape) if size == 1] if axis is None else np.atleast_1d(axis).tolist()
    removed = [int(i) % array.ndim for i in given]
    if any(tensor.shape[i] != 1 for i in removed):
        raise UnsupportedOperation("it squeezes an axis that is not of length one", "Pick the column with x[:, 0].")
    if not removed:
        return array
    shape = tuple(size for i, size in enumerate(tensor.shape) if i not in removed)
    return array.shared(tensor.op("Squeeze", np.array(removed), shape=shape))


def expanded(tensor: Tensor, shape: Shape, like: Tensor) -> Tensor:
    """The tensor broadcast to `shape`, whose rows are those of `like`."""
    if tensor.shape == shape:
        return tensor
    at = like.shape.index(None)
    count = like.op("Shape", dtype="int64", shape=(1,), start=at, end=at + 1)
    graph = tensor.graph
    parts = [count if size is None else graph.constant(np.array([size])) for size in shape]
    whole = graph.add("Concat", parts, "int64", (len(shape),), axis=0) if len(parts) > 1 else parts[0]
    return tensor.op("Expand", whole, shape=shape)


def _mixing() -> UnsupportedOperation:
    return rows_at_once(
        "this change of shape moves values from one row into another and",
        "Keep the rows as the first axis: x.reshape(-1, 1) for a column, x[:, 0] for a vector.",
    )


def _shown(shape: Shape) -> str:
    return "(" + ", ".join("rows" if size is None else str(size) for size in shape) + ")"
