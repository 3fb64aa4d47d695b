"""The methods of NumPy's arrays on placeholders."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.tracing.array import ARRAY_METHODS, ARRAY_PROPERTIES, Array, dtype_of
from sealift.tracing.elementwise import as_type
from sealift.tracing.shapes import reshape, squeeze, transpose
from sealift.tracing.unsupported import UnsupportedOperation

_REDUCTIONS = ("all", "any", "argmax", "argmin", "max", "mean", "min", "prod", "std", "sum", "var")


def astype(array: Array, dtype: Any, *_: Any, **__: Any) -> Array:
    """The values as another dtype."""
    if _is_categorical(dtype):
        # A category computes and compares as the value that it stands for.
        return array.copy()
    if array.dtype == object:
        if np.dtype(dtype).kind in "OUS":
            return array
        raise UnsupportedOperation(
            "it reads strings as numbers by .astype, whose rules are those of Python's float() and int(): '1_0' is 10",
            "Use pd.to_numeric(…), in training too; or let the data hold numbers as numbers.",
        )
    if np.dtype(dtype) == object:
        # An array of objects computes as what it holds.
        return array.copy()
    if np.dtype(dtype).kind in "US":
        raise UnsupportedOperation("it turns numbers into strings", "Leave them numbers.")
    return Array(as_type(array.tensor(), dtype_of(dtype)))


def _is_categorical(dtype: Any) -> bool:
    """Whether it is pandas' type of categories without a list of them, which would make others missing."""
    return dtype == "category" if isinstance(dtype, str) else getattr(dtype, "categories", True) is None


def _fill(array: Array, value: Any) -> None:
    array[...] = value


def _reshaped(array: Array, *shape: Any, **_: Any) -> Array:
    return reshape(array, shape[0] if len(shape) == 1 else shape)


def _transposed(array: Array, *axes: Any) -> Array:
    return transpose(array, (axes[0] if len(axes) == 1 else axes) or None)


ARRAY_METHODS.update(
    {
        **{name: getattr(np, name) for name in _REDUCTIONS},
        "astype": astype,
        "clip": np.clip,
        "conj": lambda x: x,
        "cumsum": lambda x, axis=None: np.cumsum(x, axis=axis),
        "dot": np.dot,
        "fill": _fill,
        "flatten": lambda x, *_: reshape(x, -1).copy(),
        "ravel": lambda x, *_: reshape(x, -1),
        "reshape": _reshaped,
        "round": lambda x, decimals=0: np.round(x, decimals),
        "squeeze": squeeze,
        "toarray": lambda x: x.copy(),
        "todense": lambda x: x.copy(),
        "transpose": _transposed,
    }
)
ARRAY_PROPERTIES.update(real=lambda x: x, itemsize=lambda x: x.dtype.itemsize)
