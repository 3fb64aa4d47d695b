"""Primitives that move elements: shapes, axes, parts and joins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sealift.frameworks.jax.lowering.emitter import Emitter, UnknownFormError
from sealift.frameworks.jax.lowering.operands import Operand, Shape, is_fixed, same, same_shape
from sealift.frameworks.jax.lowering.rules import Walk, rule


@rule("broadcast_in_dim")
def _broadcast(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    """Axes of size 1 where the result is larger; nothing is repeated yet."""
    graph, aval, x = walk.graph, equation.outvars[0].aval, operands[0]
    places = equation.params["broadcast_dimensions"]
    stored: list[Any] = [1] * len(aval.shape)
    for at, size in zip(places, x.stored or x.shape, strict=True):
        stored[at] = size
    if not x.stored and x.shape:
        stored = [1] * len(aval.shape)
    shape = tuple(stored)
    if x.is_constant:
        return Operand(tuple(aval.shape), x.dtype, shape, array=np.asarray(x.array).reshape(shape))
    if same_shape(shape, x.stored):
        return replace(x, shape=tuple(aval.shape))
    new = [at for at in range(len(shape)) if at not in places] if x.stored else list(range(len(shape)))
    name = graph.node("Unsqueeze", [graph.ref(x), graph.ints(new)]) if new else graph.ref(x)
    return graph.made(aval, name, shape)


@rule("reshape", "expand_dims", "squeeze")
def _reshape(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, aval, x = walk.graph, equation.outvars[0].aval, operands[0]
    if not x.stored:  # a number repeated
        return replace(x, shape=tuple(aval.shape))
    return graph.made(aval, graph.reshape(graph.full(x), tuple(aval.shape)))


@rule("transpose")
def _transpose(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, aval, x = walk.graph, equation.outvars[0].aval, operands[0]
    if not x.stored:
        return replace(x, shape=tuple(aval.shape))
    order = equation.params["permutation"]
    return graph.made(aval, graph.transpose(graph.ref(x), order), tuple(x.stored[at] for at in order))


@rule("concatenate")
def _concatenate(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph = walk.graph
    names = [graph.full(x) for x in operands]
    return graph.made(equation.outvars[0].aval, graph.node("Concat", names, axis=equation.params["dimension"]))


@rule("stack")
def _stack(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, axis = walk.graph, equation.params["axis"]
    names = [graph.node("Unsqueeze", [graph.full(x), graph.ints([axis])]) for x in operands]
    return graph.made(equation.outvars[0].aval, graph.node("Concat", names, axis=axis))


@rule("tile")
def _tile(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph = walk.graph
    repeats = graph.dims(tuple(equation.params["reps"]))
    return graph.made(equation.outvars[0].aval, graph.node("Tile", [graph.full(operands[0]), repeats]))


@rule("split")
def _split(walk: Walk, equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    graph, sizes, axis = walk.graph, equation.params["sizes"], equation.params["axis"]
    names = graph.multi("Split", [graph.full(operands[0]), graph.dims(tuple(sizes))], len(sizes), axis=axis)
    return [graph.made(var.aval, name) for var, name in zip(equation.outvars, names, strict=True)]


@rule("slice")
def _slice(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, x = walk.graph, operands[0]
    starts, limits = equation.params["start_indices"], equation.params["limit_indices"]
    steps = equation.params["strides"] or (1,) * len(starts)
    cut = [
        at
        for at, (start, limit, step) in enumerate(zip(starts, limits, steps, strict=True))
        if not (same(start, 0) and same(limit, x.shape[at]) and same(step, 1))
    ]
    name = graph.full(x)
    if cut:
        bounds = [graph.dims(tuple(each[at] for at in cut)) for each in (starts, limits)]
        name = graph.node("Slice", [name, *bounds, graph.ints(cut), graph.dims(tuple(steps[at] for at in cut))])
    return graph.made(equation.outvars[0].aval, name)


@rule("rev")
def _reverse(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, axes = walk.graph, list(equation.params["dimensions"])
    return graph.made(equation.outvars[0].aval, reversed_axes(graph, graph.full(operands[0]), axes))


def reversed_axes(graph: Emitter, name: str, axes: Sequence[int]) -> str:
    """A tensor with the order of its elements turned along some axes."""
    count, least = len(axes), np.iinfo(np.int64).min + 1
    bounds = [graph.ints([each] * count) for each in (-1, least)]
    return graph.node("Slice", [name, *bounds, graph.ints(axes), graph.ints([-1] * count)])


@rule("pad")
def _pad(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, (x, value) = walk.graph, operands
    config = equation.params["padding_config"]
    if any(not same(inner, 0) for *_, inner in config):
        raise UnknownFormError("with padding between the elements")
    ends = (*(low for low, _, _ in config), *(high for _, high, _ in config))
    if not is_fixed(ends):
        raise UnknownFormError("with padding that depends on the number of rows")
    name = graph.full(x)
    for axis, (low, high, _) in enumerate(config):
        if low < 0 or high < 0:
            stop = high if high < 0 else np.iinfo(np.int64).max
            name = graph.slice(name, axis, max(0, -low), stop)
    return graph.made(equation.outvars[0].aval, padded(graph, name, ends, graph.full(value)))


def padded(graph: Emitter, name: str, ends: Sequence[int], value: str) -> str:
    """A tensor with elements added: the numbers before each axis, then those after; negative ones are left out."""
    added = [max(0, int(each)) for each in ends]
    return graph.node("Pad", [name, graph.ints(added), value]) if any(added) else name


@rule("iota")
def _iota(walk: Walk, equation: Any, _operands: Sequence[Operand]) -> Operand:
    graph, aval, axis = walk.graph, equation.outvars[0].aval, equation.params["dimension"]
    limits = [graph.constant(0, np.int64), graph.node("Squeeze", [graph.dim(aval.shape[axis])])]
    numbers = graph.cast(graph.node("Range", [*limits, graph.constant(1, np.int64)]), aval.dtype)
    stored: Shape = tuple(size if at == axis else 1 for at, size in enumerate(aval.shape))
    return graph.made(aval, graph.reshape(numbers, stored), stored)


@rule("dim_as_value")
def _size(walk: Walk, equation: Any, _operands: Sequence[Operand]) -> Operand:
    """A free size as a number."""
    graph, aval = walk.graph, equation.outvars[0].aval
    name = graph.node("Squeeze", [graph.dim(equation.params["dim"])])
    return graph.made(aval, graph.cast(name, aval.dtype))


@rule("dynamic_slice")
def _dynamic_slice(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    """A part whose start is computed, moved into the array where it would go beyond its end."""
    graph, aval, x = walk.graph, equation.outvars[0].aval, operands[0]
    name = graph.full(x)
    for axis, (start, size) in enumerate(zip(operands[1:], aval.shape, strict=False)):
        if not same(size, x.shape[axis]):
            first = _start(graph, start, x.shape[axis], size)
            stop = graph.node("Add", [first, graph.dim(size)])
            name = graph.node("Slice", [name, first, stop, graph.ints([axis])])
    return graph.made(aval, name)


@rule("dynamic_update_slice")
def _dynamic_update(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, (x, update, *starts) = walk.graph, operands
    cut = [at for at, size in enumerate(update.shape) if not same(size, x.shape[at])]
    firsts = {at: _start(graph, starts[at], x.shape[at], update.shape[at]) for at in cut}

    def written(name: str, axes: list[int]) -> str:
        if not axes:
            return graph.full(update)
        axis, first = axes[0], firsts[axes[0]]
        end, where = graph.node("Add", [first, graph.dim(update.shape[axis])]), graph.ints([axis])
        before = graph.node("Slice", [name, graph.ints([0]), first, where])
        after = graph.node("Slice", [name, end, graph.ints([np.iinfo(np.int64).max]), where])
        inner = written(graph.node("Slice", [name, first, end, where]), axes[1:])
        return graph.node("Concat", [before, inner, after], axis=axis)

    return graph.made(equation.outvars[0].aval, written(graph.full(x), cut))


def _start(graph: Emitter, start: Operand, size: Any, length: Any) -> str:
    """The start of a part of `length` in an axis of `size`, within it (1,)."""
    known = graph.array(start)
    if known is not None and is_fixed((size, length)):
        return graph.ints([min(max(int(known), 0), int(size) - int(length))])
    last = graph.node("Sub", [graph.dim(size), graph.dim(length)])
    given = graph.node("Reshape", [graph.cast(graph.full(start), np.int64), graph.ints([1])])
    return graph.node("Min", [graph.node("Max", [given, graph.ints([0])]), last])
