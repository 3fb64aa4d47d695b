"""Nets with random weights, written as ONNX graphs: the shape of ResNet-18, and two dense layers of 300 MB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IMAGE, SCALE = (3, 56, 56), 4
"""The input and its enlargement in the graph: the convolutions of ResNet-18 get 224 × 224 values a channel."""
WIDE = 8660
"""The width of the square layer with 300 MB of float32 weights."""


class _Graph:
    """Nodes and constants of a graph under construction."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(0)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def weights(self, *shape: int) -> str:
        name = f"w{len(self.constants)}"
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 100
        values = (self.random.standard_normal(shape) * np.sqrt(1.0 / fan_in)).astype(np.float32)
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def shape(self, *sizes: int) -> str:
        name = f"shape{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(sizes, dtype=np.int64), name))
        return name

    def convolution(self, x: str, channels: int, filters: int, size: int, stride: int) -> str:
        pads = [size // 2] * 4
        kernel, bias = self.weights(filters, channels, size, size), self.weights(filters)
        return self.add("Conv", x, kernel, bias, kernel_shape=[size, size], strides=[stride, stride], pads=pads)

    def model(self, shape: tuple[int, ...], value: str, width: int) -> onnx.ModelProto:
        self.nodes.append(helper.make_node("Identity", [value], ["value"]))
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape])
        y = helper.make_tensor_value_info("value", TensorProto.FLOAT, ["batch", width])
        graph = helper.make_graph(self.nodes, "net", [x], [y], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def resnet18() -> onnx.ModelProto:
    """The layers of ResNet-18 (He et al. 2016, table 1) with normalization folded in: 11.7 M weights, 1.8 GFLOP."""
    g = _Graph()
    channels, height, width = IMAGE
    x = g.add("Reshape", "x", g.shape(0, channels, height, 1, width, 1))  # each value becomes a square
    x = g.add("Expand", x, g.shape(1, 1, 1, SCALE, 1, SCALE))
    x = g.add("Reshape", x, g.shape(0, channels, height * SCALE, width * SCALE))
    x = g.add("Relu", g.convolution(x, 3, 64, 7, 2))
    x = g.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    channels = 64
    for filters in (64, 128, 256, 512):
        for block in range(2):
            stride = 2 if block == 0 and filters > 64 else 1
            inner = g.add("Relu", g.convolution(x, channels, filters, 3, stride))
            inner = g.convolution(inner, filters, filters, 3, 1)
            around = x if channels == filters else g.convolution(x, channels, filters, 1, stride)
            x, channels = g.add("Relu", g.add("Add", inner, around)), filters
    x = g.add("Flatten", g.add("GlobalAveragePool", x))
    return g.model(IMAGE, g.add("Gemm", x, g.weights(1000, 512), g.weights(1000), transB=1), 1000)


def dense() -> onnx.ModelProto:
    """A net of 300 MB."""
    g = _Graph()
    x = g.add("Flatten", "x")
    x = g.add("Relu", g.add("Gemm", x, g.weights(WIDE, 32), g.weights(WIDE), transB=1))
    x = g.add("Relu", g.add("Gemm", x, g.weights(WIDE, WIDE), g.weights(WIDE), transB=1))
    return g.model((4, 8), g.add("Gemm", x, g.weights(2, WIDE), g.weights(2), transB=1), 2)


def rows(model: onnx.ModelProto, count: int) -> Any:
    """Random rows of a net's input, float32."""
    shape = [dimension.dim_value for dimension in model.graph.input[0].type.tensor_type.shape.dim[1:]]
    return np.random.default_rng(1).standard_normal((count, *shape)).astype(np.float32)


NETS: dict[str, Callable[[], onnx.ModelProto]] = {"resnet18": resnet18, "dense": dense}
