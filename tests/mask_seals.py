"""Small sealed nets for masks: the darkest, middle and brightest parts of a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

import sealift

NAMES = ("dark", "middle", "bright")
SIDE = 32
STRIDE = 4


def segmenter(*, classes: int = 3, stride: int = STRIDE, side: int = SIDE, last: bool = False) -> onnx.ModelProto:
    """A net like SegFormer: logits (n, classes, side / stride, side / stride) of the mean level of each square."""
    weights = np.array([[-8.0], [0.0], [8.0]], np.float32) if classes == 3 else np.array([[8.0]], np.float32)
    bias = np.array([2.6, 1.0, -5.0] if classes == 3 else [-4.0], np.float32)
    kernel = np.repeat(weights / 3, 3, axis=1)[:, :, None, None] * np.ones((1, 1, stride, stride), np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "kernel", "bias"], ["logits" if not last else "first"], strides=[stride, stride])
    ]
    shape: list[Any] = ["n", classes, side // stride, side // stride]
    if last:
        nodes.append(helper.make_node("Transpose", ["first"], ["logits"], perm=[0, 2, 3, 1]))
        shape = [shape[0], shape[2], shape[3], shape[1]]
    body = helper.make_graph(
        nodes,
        "segmenter",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, side, side])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)],
        [
            numpy_helper.from_array((kernel / stride**2).astype(np.float32), "kernel"),
            numpy_helper.from_array(bias, "bias"),
        ],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def scan(width: int, height: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """A picture with a bright disc on a gradient, (height, width, 3)."""
    y, x = np.mgrid[:height, :width]
    levels = 30 + 120 * x / width + 10 * np.sin(y / 7.0 + seed)
    levels[(y - height * 0.45) ** 2 + (x - width * 0.6) ** 2 < (0.22 * min(height, width)) ** 2] = 240
    return np.repeat(levels.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def write(path: Path, **options: Any) -> Path:
    """Write the sealed net."""
    pictures = [scan(*size, seed=at) for at, size in enumerate(((64, 48), (32, 32), (45, 60), (100, 30)))]
    sealift.pack(
        segmenter(), pictures, name="regions", output=path,
        preprocess=options.pop("preprocess", sealift.Image(letterbox=SIDE, library="opencv")),
        outputs=sealift.Mask(list(NAMES)), proof=sealift.ProofOptions(engines=("native",)), **options,
    )  # fmt: skip
    return path
