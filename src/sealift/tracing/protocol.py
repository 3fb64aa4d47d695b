"""The table of NumPy's functions that a trace follows, by the array-function protocol (NEP 18)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sealift.graph.tensor import Builder, Tensor
from sealift.tracing import shapes
from sealift.tracing.array import dtype_of, is_array
from sealift.tracing.unsupported import UnsupportedOperation, rows_at_once

_known: dict[Any, Callable[..., Any]] = {}
ACROSS_ROWS = {
    "argsort", "average", "corrcoef", "cov", "cumprod", "histogram", "percentile", "quantile", "nanpercentile",
    "nanquantile", "sort", "unique", "flip", "roll", "shuffle", "convolve", "gradient", "partition",
}  # fmt: skip


def call(function: Any, args: Any, kwargs: Any) -> Any:
    """What `function` makes of placeholders. Raises UnsupportedOperation."""
    name = getattr(function, "__name__", str(function))
    known = _known.get(function)
    if known is None:
        if name in ACROSS_ROWS and kwargs.get("axis") not in (1, -1):
            raise rows_at_once(f"np.{name}")
        raise UnsupportedOperation(
            f"it calls np.{name}, which is not traced",
            "Use arithmetic, np.where, np.clip, np.column_stack and reductions over axis=1.",
        )
    try:
        return known(*args, **kwargs)
    except TypeError as error:
        if "argument" not in str(error):
            raise
        raise UnsupportedOperation(
            f"it calls np.{name} with arguments that are not traced", "Leave out the rare ones."
        ) from error


def implements(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what follows a function of NumPy's."""

    def register(known: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            _known[function] = known
        return known

    return register


def graph_of(*values: Any) -> Builder:
    """The graph of the placeholders among the operands."""
    graph: Builder = next(value._tensor.graph for value in values if is_array(value))
    return graph


def tensors_of(*values: Any) -> list[Tensor]:
    """The operands as tensors of one graph."""
    graph = graph_of(*values)
    return [shapes.operand(graph, value) for value in values]


def common(tensors: Sequence[Tensor]) -> str:
    """The dtype that holds all of them."""
    if any(tensor.dtype == "object" for tensor in tensors):
        raise UnsupportedOperation("it mixes strings into an array", "Keep strings in columns of their own.")
    return dtype_of(np.result_type(*(tensor.dtype for tensor in tensors)))
