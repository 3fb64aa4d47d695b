"""The geometry of the pictures that a graph gets from an image stage."""

from __future__ import annotations

import numpy as np

from sealift.graph.inputs import StageTensor
from sealift.graph.tensor import Builder, Tensor
from sealift.packing.heads.base import Geometry


def geometry_in(graph: Builder) -> Geometry[Tensor] | None:
    """The geometry of the first image stage of a graph; None where it has none."""
    stages = [tensor for tensor in graph.inputs if isinstance(tensor, StageTensor)]
    rows = next((tensor for tensor in stages if tensor.name.startswith("geometry")), None)
    if rows is None:
        return None
    pixels = next(tensor for tensor in stages if tensor.stage == rows.stage and tensor is not rows)
    start = 2 if pixels.stage.spec["layout"] == "CHW" else 1
    height, width = pixels.shape[start : start + 2]
    nothing = rows.op("Slice", np.array([0]), np.array([2]), np.array([1]), shape=(None, 2)) * 0.0
    if height is None or width is None:
        sizes = pixels.op("Shape", dtype="int64", shape=(2,), start=start, end=start + 2).cast("float64")
        given = nothing + sizes.op("Unsqueeze", np.array([0]), shape=(1, 2))
        fixed = None
    else:
        given, fixed = nothing + np.array([[height, width]], dtype=np.float64), (height, width)
    whole = rows.graph.add("Concat", [rows, given], "float64", (None, 8), axis=1)
    return Geometry(whole, fixed)
