"""Products of matrices, and convolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.frameworks.jax.lowering.emitter import Emitter, UnknownFormError
from sealift.frameworks.jax.lowering.operands import Operand
from sealift.frameworks.jax.lowering.rules import Walk, rule
from sealift.frameworks.jax.lowering.shapes import padded, reversed_axes


@rule("dot_general")
def _dot(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    """`jax.lax.dot_general`: the result's axes are those of the batch, then the other ones of each operand."""
    graph, aval = walk.graph, equation.outvars[0].aval
    (summed, batch) = equation.params["dimension_numbers"]
    names = [_as(graph, x, aval.dtype) for x in operands]
    left_free, right_free = (
        [axis for axis in range(len(x.shape)) if axis not in summed[at] and axis not in batch[at]]
        for at, x in enumerate(operands)
    )
    count, terms = len(batch[0]), len(summed[0])
    batches = tuple(operands[0].shape[at] for at in batch[0])
    left_sizes = tuple(operands[0].shape[at] for at in left_free)
    right_sizes = tuple(operands[1].shape[at] for at in right_free)
    inner = (math.prod(operands[0].shape[at] for at in summed[0]),)
    # The left operand becomes (batch, rows, terms), the right one (batch, terms, columns).
    a = graph.transpose(names[0], [*batch[0], *left_free, *summed[0]])
    b = graph.transpose(names[1], [*batch[1], *summed[1], *right_free])
    many_rows = count > 0 and len(left_free) != 1
    if terms != 1 or many_rows or not left_free:
        rows = (math.prod(left_sizes),) if many_rows or not left_free else left_sizes
        a = graph.reshape(a, (*batches, *rows, *inner))
    if terms != 1 or len(right_free) != 1:
        b = graph.reshape(b, (*batches, *inner, math.prod(right_sizes)))
    name = graph.node("MatMul", [a, b])
    if many_rows or not left_free or len(right_free) != 1:
        name = graph.reshape(name, tuple(aval.shape))
    return graph.made(aval, name)


def _as(graph: Emitter, x: Operand, dtype: Any) -> str:
    name = graph.full(x)
    return name if x.dtype == dtype else graph.cast(name, dtype)


@rule("conv_general_dilated")
def _conv(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    """`jax.lax.conv_general_dilated`, a transposed convolution where the input is dilated."""
    graph, aval, given = walk.graph, equation.outvars[0].aval, equation.params
    if given["batch_group_count"] != 1:
        raise UnknownFormError("with groups of rows")
    if aval.dtype != np.float32:
        raise UnknownFormError(f"in {aval.dtype}; ONNX Runtime computes it in float32 only")
    layout = given["dimension_numbers"]
    x = graph.transpose(_as(graph, operands[0], aval.dtype), layout.lhs_spec)
    kernel = graph.transpose(_as(graph, operands[1], aval.dtype), layout.rhs_spec)
    lows, highs = ([int(pair[at]) for pair in given["padding"]] for at in (0, 1))
    if any(each != 1 for each in given["lhs_dilation"]):
        sizes = [operands[1].shape[at] for at in layout.rhs_spec]
        name = _transposed(graph, x, kernel, sizes, lows, highs, given)
    else:
        for axis, (low, high) in enumerate(zip(lows, highs, strict=True), start=2):
            if low < 0 or high < 0:
                x = graph.slice(x, axis, max(0, -low), high if high < 0 else np.iinfo(np.int64).max)
        name = graph.node(
            "Conv",
            [x, kernel],
            pads=[max(0, each) for each in (*lows, *highs)],
            strides=list(given["window_strides"]),
            dilations=list(given["rhs_dilation"]),
            group=given["feature_group_count"],
        )
    back = [list(layout.out_spec).index(at) for at in range(len(layout.out_spec))]
    return graph.made(aval, graph.transpose(name, back))


def _transposed(
    graph: Emitter, x: str, kernel: str, sizes: Sequence[Any], lows: list[int], highs: list[int], given: Any
) -> str:
    """The convolution of an input with zeros between its elements: ConvTranspose with the kernel turned round.

    A padding p of the dilated input is one of d · (k - 1) - p of ConvTranspose (ONNX, operator ConvTranspose).
    """
    if any(each != 1 for each in given["window_strides"]):
        raise UnknownFormError("with both strides and a dilated input")
    groups, dilations = given["feature_group_count"], list(given["rhs_dilation"])
    out, depth, *window = (int(size) for size in sizes)
    kernel = reversed_axes(graph, kernel, range(2, len(sizes)))
    grouped = graph.reshape(kernel, (groups, out // groups, depth, *window))
    order = [0, 2, 1, *range(3, 3 + len(window))]
    kernel = graph.reshape(graph.transpose(grouped, order), (groups * depth, out // groups, *window))
    reach = [dilation * (size - 1) for dilation, size in zip(dilations, window, strict=True)]
    before = [full - low for full, low in zip(reach, lows, strict=True)]
    after = [full - high for full, high in zip(reach, highs, strict=True)]
    name = graph.node(
        "ConvTranspose",
        [x, kernel],
        strides=list(given["lhs_dilation"]),
        dilations=dilations,
        group=groups,
        pads=[*(max(0, each) for each in before), *(max(0, each) for each in after)],
    )
    # Elements beyond those that the operator computes are 0: no element of the kernel meets one of the input there.
    ends = [0, 0, *(-each for each in before), 0, 0, *(-each for each in after)]
    return padded(graph, name, ends, graph.constant(0.0, np.float32))
