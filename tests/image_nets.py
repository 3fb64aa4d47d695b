"""A small convolutional classifier as an ONNX model, and pictures for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image


def net(channels: int = 3, side: int | str = 32, *, last: bool = False) -> onnx.ModelProto:
    """Three classes from pixels (N, channels, side, side); with `last`, channels are the last dimension."""
    rng = np.random.default_rng(0)
    weights = {
        "W": rng.normal(0, 0.3, (8, channels, 5, 5)).astype(np.float32),
        "F": rng.normal(0, 1, (8, 3)).astype(np.float32),
    }
    nodes = [helper.make_node("Transpose", ["in"], ["first"], perm=[0, 3, 1, 2])] if last else []
    nodes += [
        helper.make_node("Conv", ["first" if last else "in", "W"], ["c"], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "F"], ["l"]),
        helper.make_node("Softmax", ["l"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
    ]
    shape: list[Any] = ["N", side, side, channels] if last else ["N", channels, side, side]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("in", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 3]),
        ],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def scans(folder: Path, count: int = 8, mode: str = "RGB") -> list[Path]:
    """Pictures of different sizes as PNG and JPEG files."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(1)
    paths = []
    for i in range(count):
        small = rng.integers(0, 256, (7, 9, 3)).astype(np.uint8)
        picture = Image.fromarray(small).resize((70 - i, 50 + i), Image.Resampling.BICUBIC).convert(mode)
        paths.append(folder / f"scan{i}.{'png' if i % 2 else 'jpg'}")
        picture.save(paths[-1])
    return paths
