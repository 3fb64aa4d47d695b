"""A small sealed net that finds the brightest red and the brightest blue place of a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

import sealift

NAMES = ("red eye", "blue eye")
SIDE = 32
STRIDE = 2


def finder(side: int = SIDE) -> onnx.ModelProto:
    """Heat maps (n, 2, side / 2, side / 2): red minus blue and blue minus red, blurred."""
    near = np.array([1, 3, 4, 4, 3, 1], np.float32)
    blur = np.outer(near, near) / near.sum() ** 2
    signs = np.array([[1, -0.5, -1], [-1, -0.5, 1]], np.float32)
    kernel = signs[:, :, None, None] * blur[None, None]
    body = helper.make_graph(
        [helper.make_node("Conv", ["x", "kernel"], ["heat"], strides=[STRIDE, STRIDE], pads=[2, 2, 2, 2])],
        "finder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, side, side])],
        [helper.make_tensor_value_info("heat", TensorProto.FLOAT, ["n", 2, side // STRIDE, side // STRIDE])],
        [numpy_helper.from_array(kernel.astype(np.float32), "kernel")],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def face(width: int, height: int, red: tuple[float, float], blue: tuple[float, float]) -> npt.NDArray[np.uint8]:
    """A grey picture with a red and a blue disc around two points (x, y)."""
    y, x = np.mgrid[:height, :width]
    levels = np.full((height, width, 3), 90, np.uint8)
    levels += (20 * np.sin(x / 9)[..., None] + 20).astype(np.uint8)
    radius = 0.08 * max(width, height)
    for (cx, cy), colour in ((red, (250, 30, 20)), (blue, (20, 40, 250))):
        levels[(x + 0.5 - cx) ** 2 + (y + 0.5 - cy) ** 2 < radius**2] = colour
    return levels


FACES: tuple[tuple[int, int, tuple[float, float], tuple[float, float]], ...] = (
    (64, 48, (20, 15), (44, 20)),
    (45, 60, (14, 40), (30, 22)),
    (96, 40, (70, 12), (30, 30)),
    (40, 40, (10, 10), (30, 28)),
)


def write(path: Path, y: Any = None) -> Path:
    """Write the sealed net."""
    sealift.pack(
        finder(), [face(*each) for each in FACES], y, name="eyes", output=path,
        preprocess=sealift.Image(letterbox=SIDE, library="opencv"), outputs=sealift.Keypoints(list(NAMES)),
        proof=sealift.ProofOptions(engines=("native",)),
    )  # fmt: skip
    return path
