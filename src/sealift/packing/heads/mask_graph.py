"""The arithmetic of `Mask` as operators of a graph (spec/MASK.md §2)."""

from __future__ import annotations

import numpy as np

from sealift.contract.outputs.mask_cells import STEPS
from sealift.graph.tensor import Tensor
from sealift.packing.heads.mask_options import MaskOptions


def cells(raw: Tensor, options: MaskOptions) -> Tensor:
    """The cells of masks, float64 (N, h · w)."""
    return _indices(raw, options) if options.indices else _scores(raw, options)


def header(geometry: Tensor | None, cells: Tensor, size: tuple[int, int]) -> Tensor:
    """The numbers before the cells, float64 (N, 12).

    Args:
        geometry: of the pictures, (N, 8); None without an image stage, where the grid is the picture.
        cells: the cells (N, h · w).
        size: h and w.
    """
    graph = cells.graph
    if geometry is None:
        nothing = cells.op("Slice", np.array([0]), np.array([1]), np.array([1]), shape=(None, 1)) * 0.0
        height, width = size
        return nothing + np.array([[height, width, 1, 1, 0, 0, height, width, 0, 0, 0, 0]], dtype=np.float64)

    def part(*columns: int) -> Tensor:
        return geometry.op("Gather", np.array(columns), shape=(None, len(columns)), axis=1)

    factors = np.array([size * 2], dtype=np.float64) / part(6, 7, 6, 7)
    exact = part(2, 3, 4, 5) * factors
    rounded = exact.cast("float32").cast("float64")
    rest = (exact - rounded).cast("float32").cast("float64")
    sizes = part(0, 1)
    grid = sizes * 0.0 + np.array([size], dtype=np.float64)
    return graph.add("Concat", [sizes, rounded, grid, rest], "float64", (None, 12), axis=1)


def _indices(raw: Tensor, options: MaskOptions) -> Tensor:
    """Of the indices of classes: every margin is the largest one."""
    values = raw.cast("float64")
    inside = (values >= 0.0).op("And", values < float(options.classes), dtype="bool")
    whole = values * float(STEPS) + float(STEPS - 1)
    kept = inside.op("Where", whole, whole.lift(-1.0), dtype="float64", shape=whole.shape)
    return _flat(kept, options)


def _scores(raw: Tensor, options: MaskOptions) -> Tensor:
    scores = raw.cast("float32")
    if len(scores.shape) == 3:
        scores = scores.op("Unsqueeze", np.array([1]), shape=(None, 1, *scores.shape[1:]))
    elif options.last:
        _, height, width, count = scores.shape
        scores = scores.op("Transpose", shape=(None, count, height, width), perm=[0, 3, 1, 2])
    count = 1 if options.single else options.classes
    if options.resized:
        scores = _resized(scores, count, options.size)
    total = scores.op("ReduceSum", np.array([1]), shape=(None, 1, *options.size), keepdims=1).cast("float64")
    if options.single:
        score = _activated(scores.cast("float64"), options)
        above = (score > options.threshold).cast("float64")
        return _joined(above, (score - options.threshold).op("Abs"), total, options)
    graph = scores.graph
    top = graph.add("TopK", [scores, graph.constant(np.array([2]))], "float32", (None, 2, *options.size), axis=1)
    places = Tensor(graph, graph.fresh(), "int64", (None, 2, *options.size))
    graph.nodes[-1].output.append(places.name)
    best = top.cast("float64")
    if options.activation == "softmax":
        whole = scores.op("ReduceLogSumExp", np.array([1]), shape=(None, 1, *options.size), keepdims=1)
        best = (best - whole.cast("float64")).op("Exp")
    else:
        best = _activated(best, options)
    return _joined(_plane(places, 0).cast("float64"), _plane(best, 0) - _plane(best, 1), total, options)


def _joined(classes: Tensor, margins: Tensor, total: Tensor, options: MaskOptions) -> Tensor:
    """The cells; no class where a score or the margin is NaN, as `total`, the sum of the scores, then is, too."""
    steps = (margins * float(STEPS)).op("Floor").op("Max", 0.0).op("Min", float(STEPS - 1))
    whole = classes * float(STEPS) + steps
    undefined = (total + margins).op("IsNaN", dtype="bool")
    return _flat(undefined.op("Where", whole.lift(-1.0), whole, dtype="float64", shape=whole.shape), options)


def _flat(cells: Tensor, options: MaskOptions) -> Tensor:
    count = options.size[0] * options.size[1]
    return cells.op("Reshape", np.array([-1, count]), shape=(None, count))


def _plane(tensor: Tensor, at: int) -> Tensor:
    shape = (None, 1, *tensor.shape[2:])
    return tensor.op("Slice", np.array([at]), np.array([at + 1]), np.array([1]), shape=shape)


def _activated(scores: Tensor, options: MaskOptions) -> Tensor:
    if options.activation is None:
        return scores
    return ((-scores).op("Exp") + 1.0).op("Reciprocal")


def _resized(scores: Tensor, count: int, size: tuple[int, int]) -> Tensor:
    """Bilinear, with the centres of pixels aligned, as torch.nn.functional.interpolate without align_corners."""
    graph = scores.graph
    rows = scores.op("Shape", dtype="int64", shape=(2,), start=0, end=2)
    sizes = graph.add("Concat", [rows, graph.constant(np.array(size))], "int64", (4,), axis=0)
    nothing = graph.constant(np.zeros(0, np.float32))
    return graph.add(
        "Resize",
        [scores, nothing, nothing, sizes],
        "float32",
        (None, count, *size),
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
