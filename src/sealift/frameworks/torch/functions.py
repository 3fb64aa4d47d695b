"""Functions and methods of torch on matrices (N, k), vectors (N,) and arrays (N, ...), as operations of the graph.

Rows are independent of each other: operations that reduce, reshape or select along the first axis are refused.
Exponentials are computed in float64 and rounded, which is as close to torch's result as any other library's.
"""

# ruff: noqa: ARG001 - the signatures are torch's
from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from sealift.graph import builder, classify, special_functions
from sealift.graph.builder import Tensor, concat
from sealift.graph.step import refuse

ROWS = object()
"""The number of rows, `x.shape[0]`, which only a reshape may use."""


def linear(x: Tensor, weight: Any, bias: Any = None) -> Tensor:
    """x @ weightᵀ + bias."""
    width = x.shape[-1] if len(x.shape) > 1 else 1
    if len(x.shape) < 2 or width != weight.shape[1]:
        raise refuse(
            f"It takes {weight.shape[1]} columns, but is given {width}.", "Give the columns that it was trained on."
        )
    if len(x.shape) > 2:
        product: Tensor = x @ weight.T
        return product if bias is None else product + bias
    return x.affine(weight.T, np.zeros(len(weight), weight.dtype) if bias is None else bias)


def matmul(x: Any, y: Any) -> Tensor:
    """x @ y, where y is a weight."""
    if not isinstance(x, Tensor) or not isinstance(y, np.ndarray):
        raise refuse("Its forward multiplies rows with one another.", "Multiply rows with weights: x @ self.weight.")
    return x @ y


def _in_float64(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: function(x.cast("float64")).cast(x.dtype)


exp = _in_float64(lambda x: x.exp())
log = _in_float64(lambda x: x.log())
expm1 = _in_float64(special_functions.expm1)
log1p = _in_float64(special_functions.log1p)
erf = _in_float64(special_functions.erf)
sigmoid = _in_float64(classify.expit)
tanh = _in_float64(lambda x: x.op("Tanh"))
log_sigmoid = _in_float64(lambda x: x.clip(-math.inf, 0.0) - special_functions.log1p((-x.abs()).exp()))


def relu(x: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0)."""
    return x.op("Relu")


def leaky_relu(x: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x, times the slope below 0."""
    return builder.where(x > 0.0, x, x * negative_slope)


def elu(x: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x, and alpha (eˣ − 1) below 0."""
    return builder.where(x > 0.0, x, expm1(x) * alpha)


def selu(x: Tensor, inplace: bool = False) -> Tensor:
    """The scaled exponential linear unit, with the constants of `torch/nn/modules/activation.py`."""
    return elu(x, 1.6732632423543772) * 1.0507009873554805


def gelu(x: Tensor, approximate: str = "none") -> Tensor:
    """x Φ(x), or its approximation by tanh."""
    if approximate == "tanh":
        return 0.5 * x * (1.0 + tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1.0 + erf(x * math.sqrt(0.5)))


def silu(x: Tensor, inplace: bool = False) -> Tensor:
    """x times its logistic function."""
    return x * sigmoid(x)


def softplus(x: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + e^(beta x)) / beta, and x beyond the threshold."""
    scaled = x * beta
    return builder.where(scaled > threshold, x, log1p(exp(scaled.clip(-math.inf, threshold))) / beta)


def softsign(x: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return x / (1.0 + x.abs())


def softmax(x: Tensor, dim: Any = None, *, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The softmax over the columns."""
    axis = _within_row(x, dim)
    _plain(dtype)
    return x.op("Softmax", axis=axis)


def log_softmax(x: Tensor, dim: Any = None, *, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The logarithm of the softmax over the columns."""
    axis = _within_row(x, dim)
    _plain(dtype)
    return x.op("LogSoftmax", axis=axis)


def dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """The identity in evaluation mode."""
    if training:
        raise refuse("Its forward draws random numbers (dropout).", "Say dropout(x, training=self.training).")
    return x


def clamp(x: Tensor, min: float | None = None, max: float | None = None) -> Tensor:
    """x, clipped to an interval."""
    return x.clip(-math.inf if min is None else float(min), math.inf if max is None else float(max))


def _reduced(name: str) -> Callable[..., Tensor]:
    """The reduction of `Tensor` with this name, over one axis of the rows or several."""

    def reduction(x: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
        axes = {_within_row(x, each) for each in (dim if isinstance(dim, tuple | list) else (dim,))}
        for axis in sorted(axes, reverse=True):
            x = getattr(x, name)(axis=axis, keepdims=keepdim)
        return x

    return reduction


total = _reduced("sum")
largest = _reduced("max")
smallest = _reduced("min")


def mean(x: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The mean over one axis of the rows or several."""
    axes = {_within_row(x, each) for each in (dim if isinstance(dim, tuple | list) else (dim,))}
    return total(x, dim, keepdim) / float(math.prod(x.shape[axis] or 1 for axis in axes))


def cat(tensors: Sequence[Tensor], dim: Any = 0) -> Tensor:
    """Matrices, concatenated along the second axis."""
    for tensor in tensors:
        _on_columns(tensor, dim)
    return concat(tensors)


def stack(tensors: Sequence[Tensor], dim: Any = 0) -> Tensor:
    """Vectors as the columns of a matrix."""
    if dim not in (1, -1) or any(len(tensor.shape) != 1 for tensor in tensors):
        raise refuse("Its forward stacks rows.", "Stack vectors (rows,) as columns: torch.stack(vectors, dim=1).")
    return builder.stack(tensors)


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """All numbers of a row as one axis."""
    if start_dim != 1 or len(x.shape) < 2 or end_dim not in (len(x.shape) - 1, -1):
        raise refuse("Its forward joins the rows, or some axes of them.", "Keep the rows: torch.flatten(x, 1).")
    return _flat(x)


def reshape(x: Tensor, *shape: Any) -> Tensor:
    """(rows, columns), (rows, 1) or (rows,)."""
    wanted = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    width = _count(x)
    if len(wanted) == 2 and wanted[1] in (width, -1) and (wanted[0] is ROWS or wanted == (-1, width)):
        return x.matrix() if len(x.shape) == 1 else _flat(x)
    if len(wanted) == 1 and width == 1 and (wanted[0] is ROWS or wanted[0] == -1):
        return x if len(x.shape) == 1 else _flat(x).vector()
    raise refuse("Its forward changes the number of rows.", "Keep the rows: x.reshape(x.shape[0], -1).")


def _count(x: Tensor) -> int:
    """The number of elements of a row."""
    return math.prod(size or 1 for size in x.shape[1:])


def _flat(x: Tensor) -> Tensor:
    width = _count(x)
    return x if len(x.shape) == 2 else x.op("Reshape", np.array([-1, width]), shape=(None, width))


def squeeze(x: Tensor, dim: Any = None) -> Tensor:
    """A single column as a vector."""
    if dim is None:
        raise refuse("x.squeeze() would take a single row for no axis at all.", "Say x.squeeze(-1).")
    _on_columns(x, dim)
    return x.vector() if x.width == 1 else x


def unsqueeze(x: Tensor, dim: Any) -> Tensor:
    """A vector as a single column."""
    if len(x.shape) != 1 or dim not in (1, -1):
        raise refuse("Its forward makes tensors of more than two axes.", "Use matrices (rows, columns).")
    return x.matrix()


def size(x: Tensor, dim: int | None = None) -> Any:
    """The shape, with ROWS as the number of rows."""
    shape = (ROWS, *x.shape[1:])
    return shape if dim is None else shape[dim]


def attribute(x: Any, name: str) -> Any:
    """`x.shape` and `x.T` as torch.fx records them."""
    if name == "shape" and isinstance(x, Tensor):
        return size(x)
    raise refuse(
        f"Its forward uses the attribute {name!r:.60}, which is not supported.",
        "`sealift docs how-to/torch` lists what is supported.",
    )


def item(x: Any, key: Any) -> Any:
    """Columns of a matrix by a number, a slice or a list; parts of a shape."""
    if not isinstance(x, Tensor):
        return x[key]
    if isinstance(key, tuple) and len(key) == 2 and key[0] in (slice(None), Ellipsis):
        if key[1] is None and len(x.shape) == 1:
            return x.matrix()
        if len(x.shape) == 2 and isinstance(key[1], int):
            return x.column(range(x.width)[key[1]])
        if len(x.shape) == 2 and isinstance(key[1], slice | list):
            places = range(x.width)[key[1]] if isinstance(key[1], slice) else [range(x.width)[i] for i in key[1]]
            return x.columns(list(places))
    raise refuse("Its forward picks rows.", "Pick columns: x[:, 0], x[:, 1:3], x[:, [0, 2]].")


def where(condition: Any, x: Any, y: Any) -> Tensor:
    """One of two values for each cell."""
    if not isinstance(condition, Tensor):
        raise refuse("Its forward chooses only by weights.", "Compute such weights before, in __init__.")
    return builder.where(condition, x, y)


def _within_row(x: Any, dim: Any) -> int:
    """An axis of the rows, counted from the first; raises PackError E302 for the axis along the rows, or all axes."""
    axes = len(x.shape) if isinstance(x, Tensor) else 0
    if not isinstance(dim, int) or not -axes < dim < axes or dim == 0:
        raise refuse(
            f"Its forward works along the axis {dim}, so that a row's answer would depend on other rows.",
            "Work along the axes of a row: dim=1, or a later one.",
        )
    return dim % axes


def _on_columns(x: Any, dim: Any) -> None:
    if not isinstance(x, Tensor) or len(x.shape) != 2 or dim not in (1, -1):
        raise refuse(
            f"Its forward works along the axis {dim}, so that a row's answer would depend on other rows.",
            "Work along dim=1, the columns of a row.",
        )


def _plain(dtype: Any) -> None:
    if dtype is not None:
        raise refuse("Its forward asks for another dtype.", "Leave dtype out, or call x.double() before.")


def _of_both(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """An operation of two values, each a tensor, a weight or a number."""

    def called(x: Any, y: Any) -> Any:
        if isinstance(x, np.ndarray) and isinstance(y, Tensor):
            x = y.lift(x)  # NumPy would compute with each element
        return function(x, y)

    return called


_BOTH: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "pow": operator.pow,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_ONE: dict[str, Callable[..., Any]] = {
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "exp": exp,
    "log": log,
    "log1p": log1p,
    "expm1": expm1,
    "erf": erf,
    "sqrt": lambda x: x.sqrt(),
    "abs": lambda x: x.abs(),
    "neg": lambda x: -x,
    "square": lambda x: x * x,
    "clamp": clamp,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "sum": total,
    "mean": mean,
    "amax": largest,
    "amin": smallest,
    "flatten": flatten,
    "reshape": reshape,
    "squeeze": squeeze,
    "unsqueeze": unsqueeze,
}
_BY_NAME: dict[str, Callable[..., Any]] = {
    **{name: _of_both(function) for name, function in _BOTH.items()},
    **_ONE,
    "matmul": matmul,
}
_OF_TORCH: dict[str, Callable[..., Any]] = {
    "div": _BY_NAME["truediv"],
    "cat": cat,
    "concat": cat,
    "stack": stack,
    "where": where,
    "mm": matmul,
}

_OPERATORS: dict[Any, Callable[..., Any]] = {
    getattr(module, name): _BY_NAME[name] for module in (operator, torch) for name in _BY_NAME if hasattr(module, name)
}

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **_OPERATORS,
    **{getattr(torch, name): function for name, function in _OF_TORCH.items()},
    getattr: attribute,
    operator.getitem: item,
    functional.linear: linear,
    functional.dropout: dropout,
    functional.relu: relu,
    functional.leaky_relu: leaky_relu,
    functional.elu: elu,
    functional.selu: selu,
    functional.gelu: gelu,
    functional.silu: silu,
    functional.sigmoid: sigmoid,
    functional.tanh: tanh,
    functional.softplus: softplus,
    functional.softsign: softsign,
    functional.logsigmoid: log_sigmoid,
    functional.softmax: softmax,
    functional.log_softmax: log_softmax,
}
"""The conversion of each function, by itself."""

METHODS: dict[Any, Callable[..., Any]] = {
    **_BY_NAME,
    "div": _BY_NAME["truediv"],
    "mm": matmul,
    "view": reshape,
    "size": size,
    "contiguous": lambda x: x,
    "detach": lambda x: x,
    "clone": lambda x: x,
    "float": lambda x: x.cast("float32"),
    "double": lambda x: x.cast("float64"),
}
"""The conversion of each method, by its name."""
