"""Primitives that reduce windows: pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.frameworks.jax.lowering.emitter import UnknownFormError
from sealift.frameworks.jax.lowering.operands import Operand, same
from sealift.frameworks.jax.lowering.rules import Walk, rule


@rule("reduce_window_max", "reduce_window_sum", "reduce_window_min")
def _pool(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    """The largest, the sum or the smallest of each window; padding counts as -inf, 0 or inf."""
    graph, aval, given, x = walk.graph, equation.outvars[0].aval, equation.params, operands[0]
    if aval.dtype != np.float32:
        raise UnknownFormError(f"in {aval.dtype}; ONNX Runtime computes it in float32 only")
    if any(each != 1 for each in given["base_dilation"]):
        raise UnknownFormError("of a dilated input")
    window, strides, padding = given["window_dimensions"], given["window_strides"], given["padding"]
    rank = len(window)
    pooled = [
        at
        for at in range(rank)
        if not (same(window[at], 1) and same(strides[at], 1) and all(same(each, 0) for each in padding[at]))
    ]
    if not pooled:
        return x
    rest = [at for at in range(rank) if at not in pooled]
    order = [*rest, *pooled]
    name = graph.transpose(graph.full(x), order)
    # The operators take (rows, channels, sizes…).
    outer = tuple(x.shape[at] for at in rest)
    inner = tuple(x.shape[at] for at in pooled)
    if len(rest) != 2:
        name = graph.reshape(name, (math.prod(outer), 1, *inner))
    lows, highs = ([int(padding[at][end]) for at in pooled] for end in (0, 1))
    sizes = [int(window[at]) for at in pooled]
    options: dict[str, Any] = {
        "kernel_shape": sizes,
        "strides": [int(strides[at]) for at in pooled],
        "dilations": [int(given["window_dilation"][at]) for at in pooled],
        "pads": [*lows, *highs],
    }
    if equation.primitive.name == "reduce_window_sum":
        mean = graph.node("AveragePool", [name], count_include_pad=1, **options)
        name = graph.node("Mul", [mean, graph.constant(math.prod(sizes), aval.dtype)])
    elif equation.primitive.name == "reduce_window_min":
        name = graph.node("Neg", [graph.node("MaxPool", [graph.node("Neg", [name])], **options)])
    else:
        name = graph.node("MaxPool", [name], **options)
    if len(rest) != 2:
        name = graph.reshape(name, (*outer, *(aval.shape[at] for at in pooled)))
    return graph.made(aval, graph.transpose(name, [order.index(at) for at in range(rank)]))
