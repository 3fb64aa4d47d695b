"""A small sealed detector: it finds the same five objects in each picture with a bright pixel, and none in others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

import sealift

NAMES = ("car", "bus", "van")
SIDE = 64
THRESHOLD = 0.25
# Corners in pixels of the net, and the scores of the three classes.
FOUND = np.array(
    [
        [4, 14, 26, 44, 0.93, 0.02, 0.01],
        [8, 20, 16, 30, 0.02, 0.01, 0.41],
        [34, 12, 60, 34, 0.01, 0.78, 0.05],
        [30, 38, 44, 50, 0.61, 0.03, 0.02],
        [48, 40, 63, 52, 0.33, 0.10, 0.02],
    ],
    dtype=np.float32,
)


def detector() -> onnx.ModelProto:
    """The net: the scores are multiplied by 1 if a level is 1, and by 0 if none is above 0.5."""
    steps = [
        ("Sub", ["max", "dark"], "above"),
        ("Div", ["above", "span"], "share"),
        ("Clip", ["share", "zero", "one"], "bright"),
        ("Reshape", ["bright", "column"], "rows"),
        ("Mul", ["rows", "scores"], "seen"),
        ("Mul", ["rows", "zero"], "none"),
        ("Add", ["none", "corners"], "places"),
    ]
    nodes = [
        helper.make_node("ReduceMax", ["x", "axes"], ["max"], keepdims=0),
        *(helper.make_node(op, given, [made]) for op, given, made in steps),
        helper.make_node("Concat", ["places", "seen"], ["found"], axis=2),
    ]
    number = np.float32
    constants: dict[str, npt.NDArray[Any]] = {
        "axes": np.array([1, 2, 3]),
        "dark": np.array(0.5, number),
        "span": np.array(0.5, number),
        "zero": np.array(0, number),
        "one": np.array(1, number),
        "column": np.array([-1, 1, 1]),
        "corners": FOUND[None, :, :4],
        "scores": FOUND[None, :, 4:],
    }
    body = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, ["n", len(FOUND), 7])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def street(width: int, height: int) -> npt.NDArray[np.uint8]:
    """A picture with bright and dark parts, (height, width, 3)."""
    y, x = np.mgrid[:height, :width]
    levels = np.stack([90 + x * 100 // width, 120 + y * 80 // height, 200 - x * 120 // width], -1).astype(np.uint8)
    levels[height * 2 // 3 :] //= 3
    levels[: height // 8] = 255
    return levels


def write(path: Path) -> Path:
    """Write the sealed detector."""
    pictures = [street(*size) for size in ((128, 96), (64, 64), (90, 120))]
    sealift.pack(
        detector(), pictures, name="street", output=path, preprocess=sealift.Image(letterbox=SIDE, library="opencv"),
        outputs=sealift.Boxes(list(NAMES), score_threshold=THRESHOLD, maximum=8),
        proof=sealift.ProofOptions(engines=("native",)),
    )  # fmt: skip
    return path
