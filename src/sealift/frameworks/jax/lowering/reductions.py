"""Primitives that reduce, accumulate or sort along axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.frameworks.jax.lowering.emitter import UnknownFormError
from sealift.frameworks.jax.lowering.operands import Operand, is_fixed
from sealift.frameworks.jax.lowering.rules import Walk, rule

_REDUCTIONS = {
    "reduce_sum": "ReduceSum", "reduce_max": "ReduceMax", "reduce_min": "ReduceMin", "reduce_prod": "ReduceProd",
    "reduce_and": "ReduceMin", "reduce_or": "ReduceMax",
}  # fmt: skip


@rule(*_REDUCTIONS)
def _reduce(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, aval, x = walk.graph, equation.outvars[0].aval, operands[0]
    kind, name = _REDUCTIONS[equation.primitive.name], graph.full(x)
    axes = list(equation.params["axes"])
    if not axes:
        return x
    is_logical = x.dtype.kind == "b"
    name = graph.cast(name, np.int32) if is_logical else name
    name = graph.node(kind, [name, graph.ints(axes)], keepdims=0)
    return graph.made(aval, graph.cast(name, np.bool_) if is_logical else name)


@rule("argmax", "argmin")
def _arg(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    """The index of the first largest or smallest element."""
    graph, aval, (axis,) = walk.graph, equation.outvars[0].aval, equation.params["axes"]
    kind, x = {"argmax": "ArgMax", "argmin": "ArgMin"}[equation.primitive.name], graph.full(operands[0])
    name = graph.cast(x, np.int32) if operands[0].dtype.kind == "b" else x
    return graph.made(aval, graph.cast(graph.node(kind, [name], axis=axis, keepdims=0), aval.dtype))


@rule("cumsum")
def _cumsum(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, given = walk.graph, equation.params
    axis = graph.constant(given["axis"], np.int64)
    name = graph.node("CumSum", [graph.full(operands[0]), axis], reverse=int(given["reverse"]))
    return graph.made(equation.outvars[0].aval, name)


@rule("cumlogsumexp")
def _cumlogsumexp(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    """log(cumsum(exp(x - m))) + m with the largest m along the axis."""
    graph, given = walk.graph, equation.params
    x = graph.full(operands[0])
    largest = graph.node("ReduceMax", [x, graph.ints([given["axis"]])], keepdims=1)
    exp = graph.node("Exp", [graph.node("Sub", [x, largest])])
    total = graph.node("CumSum", [exp, graph.constant(given["axis"], np.int64)], reverse=int(given["reverse"]))
    return graph.made(equation.outvars[0].aval, graph.node("Add", [graph.node("Log", [total]), largest]))


@rule("top_k")
def _top_k(walk: Walk, equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    graph, given, x = walk.graph, equation.params, operands[0]
    axis = int(given.get("axis", len(x.shape) - 1))
    names = graph.multi("TopK", [graph.full(x), graph.dim(given["k"])], 2, axis=axis)
    values, indices = (var.aval for var in equation.outvars)
    return [graph.made(values, names[0]), graph.made(indices, graph.cast(names[1], indices.dtype))]


@rule("sort")
def _sort(walk: Walk, equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Sorted by the first operand; the others in the same order."""
    graph, given, key = walk.graph, equation.params, operands[0]
    axis = given["dimension"]
    if given["num_keys"] != 1:
        raise UnknownFormError("by several keys")
    if not is_fixed(key.shape[axis : axis + 1]):
        raise UnknownFormError("along an axis of free size")
    values, order = graph.multi("TopK", [graph.full(key), graph.dim(key.shape[axis])], 2, axis=axis, largest=0)
    rest = [graph.node("GatherElements", [graph.full(other), order], axis=axis) for other in operands[1:]]
    return [graph.made(var.aval, name) for var, name in zip(equation.outvars, [values, *rest], strict=True)]
