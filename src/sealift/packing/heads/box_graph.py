"""The arithmetic of `Boxes` as operators of a graph."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sealift.contract.outputs.box_sets import QUANTUM
from sealift.graph.tensor import Tensor
from sealift.packing.heads.box_options import BoxOptions


class BestBoxes(NamedTuple):
    """The best boxes (N, M, 4), their scores and classes (N, M, 1), and which of them exist, bool (N, M, 1)."""

    boxes: Tensor
    scores: Tensor
    classes: Tensor
    valid: Tensor


def columns(tensor: Tensor, start: int, stop: int) -> Tensor:
    """A part of the last axis of a tensor (N, K, C)."""
    shape = (*tensor.shape[:2], stop - start)
    return tensor.op("Slice", np.array([start]), np.array([stop]), np.array([2]), shape=shape)


def corners(boxes: Tensor, form: str) -> Tensor:
    """The corners x0, y0, x1, y1 of boxes (N, K, 4)."""
    if form == "xyxy":
        return boxes
    first, size = columns(boxes, 0, 2), columns(boxes, 2, 4)
    if form == "xywh":
        return _joined(first, first + size)
    return _joined(first - size / 2.0, first + size / 2.0)


def activated(scores: Tensor, objectness: Tensor | None, options: BoxOptions) -> Tensor:
    """The scores of the classes (N, K, C)."""
    scores = _activated(scores, options)
    if objectness is not None:
        scores = scores * _activated(objectness, options)
    if options.background is None:
        return scores
    start = int(options.background == "first")
    return columns(scores, start, start + options.classes)


def best(boxes: Tensor, scores: Tensor, options: BoxOptions) -> BestBoxes:
    """The boxes that are kept, the best first."""
    count = options.classes
    by_class = scores.op("Transpose", shape=(None, count, scores.shape[1]), perm=[0, 2, 1])  # (N, C, K)
    ranks = (by_class / QUANTUM + 0.5).op("Floor") * QUANTUM
    usable = by_class > options.score_threshold
    if not options.multi_label and count > 1:
        largest = scores.op("ArgMax", dtype="int64", shape=(None, scores.shape[1]), axis=2, keepdims=0).op(
            "Unsqueeze", np.array([1]), shape=(None, 1, scores.shape[1])
        )
        usable = usable.op("And", largest.op("Equal", np.arange(count).reshape(1, -1, 1), dtype="bool"), dtype="bool")
    nothing = (boxes * 0.0).op("ReduceSum", np.array([2]), shape=(None, scores.shape[1]), keepdims=0)
    finite = nothing.op("Equal", 0.0, dtype="bool")  # not NaN, so that every corner is finite
    usable = usable.op("And", finite.op("Unsqueeze", np.array([1]), shape=(None, 1, scores.shape[1])), dtype="bool")
    ranks = usable.op("Where", ranks, ranks.lift(-1.0), dtype="float64", shape=by_class.shape).cast("float32")
    if options.class_agnostic and count > 1:
        ranks = ranks.op("ReduceMax", np.array([1]), shape=(None, 1, scores.shape[1]), keepdims=1)
    flat = ranks.op("Reshape", np.array([0, -1]), shape=(None, None))
    if options.iou_threshold is not None:
        flat = _suppressed(boxes, ranks, flat, options)
    # At least `maximum` columns, the last ones of no candidate.
    padded = flat.op("Pad", np.array([0, 0, 0, options.maximum]), np.array(-1.0, np.float32), mode="constant")
    values, places = top_values(padded, options.maximum)
    length = boxes.op("Shape", dtype="int64", shape=(1,), start=1, end=2)
    at = places.op("Mod", length)
    pick = at.op("Unsqueeze", np.array([2]), shape=(None, options.maximum, 1))
    picked = boxes.op("GatherND", pick, shape=(None, options.maximum, 4), batch_dims=1)
    numbers = scores.op("GatherND", pick, shape=(None, options.maximum, count), batch_dims=1)
    if options.class_agnostic:
        classes = numbers.op("ArgMax", dtype="int64", shape=(None, options.maximum, 1), axis=2, keepdims=1)
    else:
        classes = places.op("Div", length).op("Min", np.array(count - 1))
        classes = classes.op("Unsqueeze", np.array([2]), shape=(None, options.maximum, 1))
    own = numbers.op("GatherElements", classes, shape=(None, options.maximum, 1), axis=2)
    valid = (values > -0.5).op("Unsqueeze", np.array([2]), shape=(None, options.maximum, 1))
    return BestBoxes(picked, own, classes.cast("float64"), valid)


def in_the_original(boxes: Tensor, geometry: Tensor) -> Tensor:
    """Corners in pixels of the original picture, within the picture."""

    def of_each(indices: list[int]) -> Tensor:
        picked = geometry.op("Gather", np.array(indices), shape=(None, 4), axis=1)
        return picked.op("Unsqueeze", np.array([1]), shape=(None, 1, 4))

    moved = (boxes - of_each([5, 4, 5, 4])) / of_each([3, 2, 3, 2])
    return moved.op("Max", np.array(0.0)).op("Min", of_each([1, 0, 1, 0]))


def _suppressed(boxes: Tensor, ranks: Tensor, flat: Tensor, options: BoxOptions) -> Tensor:
    """The ranks (N, classes · K) of the candidates that are kept; -1 for the others."""
    graph = boxes.graph
    selected = graph.add(
        "NonMaxSuppression",
        [
            boxes.cast("float32"),
            ranks,
            graph.constant(np.array([options.maximum])),
            graph.constant(np.array([options.iou_threshold], dtype=np.float32)),
            graph.constant(np.array([-0.5], dtype=np.float32)),
        ],
        "int64",
        (None, 3),
    )
    row, group, place = (selected.op("Gather", np.array([i]), shape=(None, 1), axis=1) for i in range(3))
    length = boxes.op("Shape", dtype="int64", shape=(1,), start=1, end=2)
    where = graph.add("Concat", [row, group * length + place], "int64", (None, 2), axis=1)
    kept = flat.op("GatherND", where, shape=(None,))
    nothing = (flat * 0.0) - np.array(1.0, np.float32)
    return nothing.op("ScatterND", where, kept)


def top_values(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The largest values of each row (N, count) and their places, of equal ones the first places."""
    graph = values.graph
    top = graph.add("TopK", [values, graph.constant(np.array([count]))], values.dtype, (None, count), axis=1)
    places = Tensor(graph, graph.fresh(), "int64", (None, count))
    graph.nodes[-1].output.append(places.name)
    return top, places


def _activated(scores: Tensor, options: BoxOptions) -> Tensor:
    if options.activation is None:
        return scores
    if options.activation == "softmax":
        return scores.op("Softmax", axis=2)
    return ((-scores).op("Exp") + 1.0).op("Reciprocal")


def _joined(one: Tensor, two: Tensor) -> Tensor:
    return one.graph.add("Concat", [one, two], one.dtype, (*one.shape[:2], 4), axis=2)
