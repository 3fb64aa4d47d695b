"""NumPy's functions that put arrays side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.graph.tensor import Builder
from sealift.tracing import elementwise as el
from sealift.tracing import shapes
from sealift.tracing.array import Array, dtype_of, is_array
from sealift.tracing.protocol import common, graph_of, implements, tensors_of
from sealift.tracing.unsupported import UnsupportedOperation, rows_at_once


@implements(np.concatenate)
def concatenate(arrays: Any, axis: Any = 0, *, dtype: Any = None) -> Any:
    """Joined along the columns; along the rows there would be other rows."""
    tensors = tensors_of(*arrays)
    rank = len(tensors[0].shape)
    if axis is None or any(len(tensor.shape) != rank for tensor in tensors):
        raise UnsupportedOperation(
            "it joins arrays of different ranks", "Use np.column_stack, or x[:, None] for a column."
        )
    at = int(axis) % rank
    rows = next(tensor for tensor in tensors if None in tensor.shape)
    if rows.shape[at] is None:
        raise rows_at_once("joining arrays below each other", "Use axis=1, np.hstack or np.column_stack.")
    frame = shapes.broadcast(*((*t.shape[:at], 1, *t.shape[at + 1 :]) for t in tensors))
    wide = [shapes.expanded(t, (*frame[:at], t.shape[at], *frame[at + 1 :]), rows) for t in tensors]
    return Array(el.side_by_side(wide, at, dtype_of(dtype) if dtype is not None else common(tensors)))


@implements(np.stack)
def _stack(arrays: Any, axis: int = 0) -> Any:
    graph = graph_of(*arrays)
    parts = [value if is_array(value) else Array(shapes.constant(graph, value)) for value in arrays]
    return concatenate([shapes.expand(part, axis) for part in parts], axis=axis)


@implements(np.column_stack)
def column_stack(tup: Any) -> Any:
    """Vectors and matrices side by side."""
    return concatenate([_as_columns(part, graph_of(*tup)) for part in tup], axis=1)


@implements(np.hstack)
def _hstack(tup: Any) -> Any:
    return concatenate(tup, axis=1 if all(np.ndim(part) > 1 for part in tup) else 0)


@implements(np.vstack)
def _vstack(tup: Any) -> Any:
    parts = [shapes.expand(part, 0) if is_array(part) and part.ndim == 1 else part for part in tup]
    return concatenate([part if is_array(part) else np.atleast_2d(part) for part in parts], axis=0)


@implements(np.append)
def _append(arr: Any, values: Any, axis: Any = None) -> Any:
    return concatenate([arr, values], axis=axis)


def _as_columns(part: Any, graph: Builder) -> Any:
    array = part if is_array(part) else Array(shapes.constant(graph, part))
    return shapes.expand(array, 1) if array.ndim == 1 else array


@implements(np.delete)
def _delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    if axis is None or axis % arr.ndim == 0:
        raise rows_at_once("np.delete of rows", "Use axis=1.")
    return arr[:, np.delete(np.arange(arr.shape[1]), obj)]
