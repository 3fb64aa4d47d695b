"""The arithmetic of `Keypoints` as operators of a graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sealift.graph.tensor import Tensor


def of_heat_maps(maps: Tensor, *, refined: bool, is_logit: bool) -> Tensor:
    """Points (N, K, 4) in cells of the maps (N, K, h, w): x, y, score, margin."""
    _, count, height, width = maps.shape
    assert count is not None
    assert height is not None
    assert width is not None
    one = (None, count, 1)
    flat = maps.op("Reshape", np.array([0, count, height * width]), shape=(None, count, height * width))
    place = flat.op("ArgMax", dtype="int64", shape=one, axis=2, keepdims=1)
    row = place.op("Div", np.array(width))
    column = place - row * width

    def at(index: Tensor) -> Tensor:
        kept = index.op("Max", np.array(0)).op("Min", np.array(height * width - 1))
        return flat.op("GatherElements", kept, shape=one, axis=2).cast("float64")

    middle = at(place)
    down, across = np.divmod(np.arange(height * width), width)
    far_y = (row - down.reshape(1, 1, -1)).op("Abs", shape=(None, count, height * width)) > 1
    far_x = (column - across.reshape(1, 1, -1)).op("Abs", shape=(None, count, height * width)) > 1
    lowest = flat.lift(-np.inf)
    outside = far_y.op("Or", far_x, dtype="bool").op("Where", flat, lowest, dtype=flat.dtype, shape=flat.shape)
    other = outside.op("ReduceMax", np.array([2]), shape=one, keepdims=1).cast("float64")
    places = []
    for index, size, step in ((column, width, 1), (row, height, width)):
        centre = index.cast("float64") + 0.5
        places.append(centre + _vertex(at(place - step), middle, at(place + step), index, size) if refined else centre)
    best, second = _activated(middle, is_logit), _activated(other, is_logit)
    points = _joined([*places, best, (best - second).op("Min", 1.0)])
    total = flat.op("ReduceSum", np.array([2]), shape=one, keepdims=1).op("IsNaN", dtype="bool")
    return total.op("Where", points.lift(np.nan), points, dtype="float64", shape=points.shape)


def in_the_input(points: Tensor, size: Sequence[int | None], geometry: Tensor) -> Tensor:
    """Points of cells in pixels of the net's input."""
    factors = _of_each(geometry, [7, 6]) / np.array([[[size[1], size[0]]]], dtype=np.float64)
    return _joined([_part(points, 0, 2) * factors, _part(points, 2, 4)])


def of_coordinates(raw: Tensor, normalized: tuple[int, int] | None, *, is_logit: bool) -> Tensor:
    """Points (N, K, 4) from x, y and perhaps a score; their margin is 1."""
    wide = raw.cast("float64")
    places = _part(wide, 0, 2)
    one = _part(places, 0, 1).op("IsNaN", dtype="bool").cast("float64") * 0.0 + 1.0
    if normalized is not None:
        places = places * np.array([[[normalized[1], normalized[0]]]], dtype=np.float64)
    scores = _activated(_part(wide, 2, 3), is_logit) if raw.shape[2] == 3 else one
    return _joined([places, scores, one])


def in_the_original(points: Tensor, geometry: Tensor) -> Tensor:
    """Points of the net's input in pixels of the original picture."""
    places = (_part(points, 0, 2) - _of_each(geometry, [5, 4])) / _of_each(geometry, [3, 2])
    return _joined([places, _part(points, 2, 4)])


def _vertex(before: Tensor, middle: Tensor, after: Tensor, index: Tensor, size: int) -> Tensor:
    """Where the parabola has its vertex, from −0.5 to 0.5 around the middle; 0 at the edges."""
    bend = middle * 2.0 - before - after
    inner = (index > 0).op("And", index < size - 1, dtype="bool").op("And", bend > 0.0, dtype="bool")
    safe = inner.op("Where", bend, bend.lift(1.0), dtype="float64", shape=bend.shape)
    shift = ((after - before) / (safe * 2.0)).op("Max", -0.5).op("Min", 0.5)
    return inner.op("Where", shift, shift.lift(0.0), dtype="float64", shape=shift.shape)


def _activated(scores: Tensor, is_logit: bool) -> Tensor:
    return ((-scores).op("Exp") + 1.0).op("Reciprocal") if is_logit else scores


def _of_each(geometry: Tensor, columns: Sequence[int]) -> Tensor:
    picked = geometry.op("Gather", np.array(columns), shape=(None, len(columns)), axis=1)
    return picked.op("Unsqueeze", np.array([1]), shape=(None, 1, len(columns)))


def _part(tensor: Tensor, start: int, stop: int) -> Tensor:
    shape = (*tensor.shape[:2], stop - start)
    return tensor.op("Slice", np.array([start]), np.array([stop]), np.array([2]), shape=shape)


def _joined(parts: Sequence[Tensor]) -> Tensor:
    width = sum(part.shape[2] or 0 for part in parts)
    return parts[0].graph.add("Concat", list(parts), "float64", (*parts[0].shape[:2], width), axis=2)
