"""NumPy's two protocols on the arrays and data frames of a trace (NEP 13 and NEP 18)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.tracing import dispatch, protocol, timedeltas, ufuncs
from sealift.tracing.array import is_array
from sealift.tracing.frame import by_columns, frame_function, involves_frame
from sealift.tracing.numpy_functions import matmul, reduce_by
from sealift.tracing.unsupported import UnsupportedOperation


@dispatch.ufunc.implement
def ufunc(function: Any, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """The result of a universal function. Raises UnsupportedOperation."""
    if involves_frame(inputs):
        return by_columns(function, method, inputs, options)
    if method == "__call__" and not options and any(is_array(value) and value.dtype.kind in "mM" for value in inputs):
        return timedeltas.call(function, inputs)
    if method == "reduce":
        return reduce_by(function, inputs[0], options)
    if method != "__call__":
        raise UnsupportedOperation(
            f"it uses np.{function.__name__}.{method}", "Write it out with NumPy's functions on columns."
        )
    if function is np.matmul:
        return matmul(*inputs)
    return ufuncs.apply(function, inputs, options)


@dispatch.array_function.implement
def array_function(function: Any, args: Any, kwargs: Any) -> Any:
    """The result of another function of NumPy. Raises UnsupportedOperation."""
    result = frame_function(getattr(function, "__name__", str(function)), args, kwargs)
    return protocol.call(function, args, kwargs) if result is NotImplemented else result
