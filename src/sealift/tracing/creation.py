"""NumPy's functions that make an array like another one, or give it another shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.tracing import shapes
from sealift.tracing.array import Array, dtype_of
from sealift.tracing.protocol import implements
from sealift.tracing.unsupported import rows_at_once


@implements(np.zeros_like)
def _zeros_like(a: Any, dtype: Any = None, **_: Any) -> Any:
    return full_like(a, 0, dtype)


@implements(np.ones_like)
def _ones_like(a: Any, dtype: Any = None, **_: Any) -> Any:
    return full_like(a, 1, dtype)


@implements(np.full_like)
def full_like(a: Any, fill_value: Any, dtype: Any = None, **_: Any) -> Any:
    """An array of the same shape with one value, or one for each column."""
    like = a.tensor()
    kind = dtype_of(dtype) if dtype is not None else like.dtype
    return Array(shapes.expanded(like.graph.constant(np.asarray(fill_value), kind), like.shape, like))


@implements(np.empty_like)
def _empty_like(a: Any, dtype: Any = None, **_: Any) -> Any:
    return full_like(a, 0, dtype)


@implements(np.shape)
def _shape(a: Any) -> Any:
    return a.shape


@implements(np.ndim)
def _ndim(a: Any) -> int:
    return int(a.ndim)


@implements(np.size)
def _size(a: Any, axis: Any = None) -> Any:
    return a.size if axis is None else a.shape[axis]


@implements(np.copy)
def _copy(a: Any, *_: Any, **__: Any) -> Any:
    return a.copy()


@implements(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Any:
    return shapes.transpose(a, axes)


@implements(np.reshape)
def _reshape(a: Any, shape: Any = None, **rest: Any) -> Any:
    return shapes.reshape(a, rest.get("newshape", shape))


@implements(np.ravel)
def _ravel(a: Any) -> Any:
    return shapes.reshape(a, -1)


@implements(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Any:
    return shapes.squeeze(a, axis)


@implements(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    return shapes.expand(a, int(axis))


@implements(np.atleast_2d)
def _atleast_2d(a: Any) -> Any:
    if a.ndim < 2:
        raise rows_at_once("np.atleast_2d turns a column into a row and", "Write x[:, None].")
    return a


@implements(np.atleast_1d)
def _atleast_1d(a: Any) -> Any:
    return a


@implements(np.flip)
def _flip(m: Any, axis: Any = None) -> Any:
    if axis is None or m.sizes[axis] is None or m.ndim != 2:
        raise rows_at_once("np.flip of the rows", "Use axis=1.")
    return m[:, ::-1]


@implements(np.real)
def _real(val: Any) -> Any:
    return val


@implements(np.astype)
def _astype(x: Any, dtype: Any, /, **_: Any) -> Any:
    return x.astype(dtype)
