"""Primitives that read or write elements at indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.frameworks.jax.lowering.emitter import Emitter, UnknownFormError
from sealift.frameworks.jax.lowering.operands import Operand, is_fixed, same
from sealift.frameworks.jax.lowering.rules import Walk, rule

_SCATTERS = {"scatter": "none", "scatter-add": "add", "scatter_add": "add", "scatter_mul": "mul", "scatter-mul": "mul",
             "scatter_min": "min", "scatter-min": "min", "scatter_max": "max", "scatter-max": "max"}  # fmt: skip


@rule("gather")
def _gather(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    """`jax.lax.gather` of whole parts: at each index, one element along the indexed axes and all along the others.

    Indices outside the array give the fill value of the mode FILL_OR_DROP, or are moved to its border by CLIP.
    """
    graph, aval, (x, at) = walk.graph, equation.outvars[0].aval, operands
    given = equation.params
    numbers, sizes = given["dimension_numbers"], given["slice_sizes"]
    indexed, paired = list(numbers.start_index_map), list(numbers.operand_batching_dims)
    rows = list(numbers.start_indices_batching_dims)
    indices = _Indices(graph, at, [x.shape[axis] for axis in indexed], [sizes[axis] for axis in indexed])
    # An axis of which each index takes all is not indexed: its only valid start is 0.
    whole = [axis for axis in indexed if same(sizes[axis], x.shape[axis]) and not same(sizes[axis], 1)]
    wide = [axis for axis in indexed if axis not in whole and not same(sizes[axis], 1)]
    picked = [axis for axis in indexed if axis not in whole]
    rest = [axis for axis in range(len(x.shape)) if axis not in picked and axis not in paired]
    if any(not same(sizes[axis], x.shape[axis]) for axis in rest):
        raise UnknownFormError("of parts of an axis without an index")
    windows = [axis for axis in range(len(x.shape)) if axis not in numbers.collapsed_slice_dims and axis not in paired]
    offsets = list(numbers.offset_dims)
    outer = [place for place in range(len(aval.shape)) if place not in offsets]
    if wide and (len(picked) > 1 or paired):
        raise UnknownFormError("of windows along several axes")
    starts = indices.columns([indexed.index(axis) for axis in picked])
    count = len(at.shape) - 1
    name = graph.full(x)
    if len(picked) == 1 and not paired:
        axis = picked[0]
        start = graph.node("Squeeze", [starts, graph.ints([count])])
        if wide:
            steps = graph.ints(range(int(sizes[axis])))
            start = graph.node("Add", [graph.node("Unsqueeze", [start, graph.ints([count])]), steps])
        name = graph.node("Gather", [name, start], axis=axis)
        # Now (axes before, axes of the indices, [window], axes after).
        order_of = {("index", n): axis + n for n in range(count)}
        order_of |= {("axis", each): each if each < axis else each + count - 1 + len(wide) for each in rest}
        order_of |= {("axis", axis): axis + count} if wide else {}
    else:
        name = graph.transpose(name, [*paired, *picked, *rest])
        free = [n for n in range(count) if n not in rows]
        starts = graph.transpose(starts, [*rows, *free, count])
        name = graph.node("GatherND", [name, starts], batch_dims=len(paired))
        order_of = {("index", n): place for place, n in enumerate([*rows, *free])}
        order_of |= {("axis", each): count + place for place, each in enumerate(rest)}
    singles = [axis for axis in windows if ("axis", axis) not in order_of]
    target: list[tuple[str, int]] = [("", 0)] * len(aval.shape)
    for n, place in enumerate(outer):
        target[place] = ("index", n)
    for axis, place in zip(windows, offsets, strict=True):
        target[place] = ("axis", axis)
    name = graph.transpose(name, [order_of[each] for each in target if each in order_of])
    if singles:
        name = graph.node("Unsqueeze", [name, graph.ints([n for n, each in enumerate(target) if each not in order_of])])
    valid = indices.valid if _mode(given) == "FILL_OR_DROP" else None
    if valid is not None:
        name = _filled(graph, name, valid, aval, outer, given.get("fill_value"))
    return graph.made(aval, name)


def _mode(given: Any) -> str:
    return str(getattr(given["mode"], "name", given["mode"]))


def _filled(graph: Emitter, name: str, valid: str, aval: Any, outer: Sequence[int], fill: Any) -> str:
    """The fill value where the index is outside; by default NaN, or the least integer."""
    kind = np.dtype(aval.dtype)
    if fill is None:
        fill = np.nan if kind.kind == "f" else np.iinfo(kind).min if kind.kind == "i" else np.iinfo(kind).max
    axes = [at for at in range(len(aval.shape)) if at not in outer]
    mask = graph.node("Unsqueeze", [valid, graph.ints(axes)]) if axes else valid
    return graph.node("Where", [mask, name, graph.constant(fill, kind)])


class _Indices:
    """The starts of a gather, moved into the array.

    Attributes:
        valid: a tensor (…) that is true where all starts are inside; None if all of them are known to be.
    """

    def __init__(self, graph: Emitter, at: Operand, sizes: Sequence[Any], lengths: Sequence[Any]) -> None:
        self._graph, self.valid = graph, None
        known = graph.array(at)
        if known is not None and is_fixed((*sizes, *lengths)):
            last = np.asarray([int(s) - int(n) for s, n in zip(sizes, lengths, strict=True)], dtype=np.int64)
            numbers = known.astype(np.int64)
            inside = np.all((numbers >= 0) & (numbers <= last), axis=-1)
            self._starts = graph.constant(np.clip(numbers, 0, last))
            if not inside.all():
                self.valid = graph.constant(inside)
            return
        raw = graph.cast(graph.full(at), np.int64)
        ends = graph.node("Sub", [graph.dims(tuple(sizes)), graph.dims(tuple(lengths))])
        self._starts = graph.node("Min", [graph.node("Max", [raw, graph.ints([0])]), ends])
        same_place = graph.cast(graph.node("Equal", [raw, self._starts]), np.int32)
        least = graph.node("ReduceMin", [same_place, graph.ints([len(at.shape) - 1])], keepdims=0)
        self.valid = graph.cast(least, np.bool_)

    def columns(self, chosen: Sequence[int]) -> str:
        """Some of the starts of each index (…, n)."""
        return self._graph.node("Gather", [self._starts, self._graph.ints(chosen)], axis=-1)


@rule(*_SCATTERS)
def _scatter(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    """`jax.lax.scatter` of whole parts at known indices, by ScatterND on an array whose indexed axes come first."""
    graph, aval, (x, at, updates) = walk.graph, equation.outvars[0].aval, operands
    numbers, known = equation.params["dimension_numbers"], graph.array(at)
    indexed = list(numbers.scatter_dims_to_operand_dims)
    if numbers.operand_batching_dims or sorted(numbers.inserted_window_dims) != sorted(indexed):
        raise UnknownFormError("of windows along an indexed axis")
    if known is None or not is_fixed(tuple(x.shape[axis] for axis in indexed)):
        raise UnknownFormError("at indices that depend on values or on the number of rows")
    sizes = np.asarray([int(x.shape[axis]) for axis in indexed])
    places = known.astype(np.int64)
    if bool(((places < 0) | (places >= sizes)).any()):
        raise UnknownFormError("at indices outside the array")
    rest = [axis for axis in range(len(x.shape)) if axis not in indexed]
    order = [*indexed, *rest]
    windows = list(numbers.update_window_dims)
    outer = [place for place in range(len(updates.shape)) if place not in windows]
    given = [graph.transpose(graph.full(x), order), graph.constant(places)]
    given.append(graph.transpose(graph.full(updates), [*outer, *windows]))
    name = graph.node("ScatterND", given, reduction=_SCATTERS[equation.primitive.name])
    return graph.made(aval, graph.transpose(name, [order.index(axis) for axis in range(len(order))]))
