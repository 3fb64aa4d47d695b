"""Weights in fewer bits: the graph converts them to float32 again, so only their rounding changes the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from sealift.packing.optimize.graphs import consumers

_LEAST = 256
"""Elements from which a weight is converted: below, the node that converts it takes as many bytes as are saved."""
_Node: TypeAlias = onnx.NodeProto
_Stored: TypeAlias = tuple[list[TensorProto], list[_Node]]


def float16(model: onnx.ModelProto, _rows: Iterable[Any]) -> onnx.ModelProto | None:
    """The model with float32 weights stored as float16 (IEEE 754 binary16), where all of them are in its range."""

    def stored(name: str, values: npt.NDArray[np.float32], _uses: list[_Node]) -> _Stored | None:
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if not np.isfinite(half).all():
            return None
        return [numpy_helper.from_array(half, f"{name}_float16")], [_cast(f"{name}_float16", name)]

    return _converted(model, stored)


def bfloat16(model: onnx.ModelProto, _rows: Iterable[Any]) -> onnx.ModelProto | None:
    """The model with float32 weights stored as bfloat16: the upper 16 bits, rounded to nearest, ties to even."""

    def stored(name: str, values: npt.NDArray[np.float32], _uses: list[_Node]) -> _Stored | None:
        bits = np.ascontiguousarray(values).view(np.uint32).astype(np.uint64)
        upper = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")
        tensor = TensorProto(name=f"{name}_bfloat16", data_type=TensorProto.BFLOAT16, dims=values.shape)
        tensor.raw_data = upper.tobytes()
        if ((upper & 0x7F80) == 0x7F80).any():  # rounded to infinity
            return None
        return [tensor], [_cast(tensor.name, name)]

    return _converted(model, stored)


def int8(model: onnx.ModelProto, _rows: Iterable[Any]) -> onnx.ModelProto | None:
    """The model with weights of layers stored as int8 multiples of a scale for each channel of the output.

    The scale is the largest magnitude of the channel divided by 127 (symmetric quantization, as in ONNX's
    DequantizeLinear without a zero point).
    """

    def stored(name: str, values: npt.NDArray[np.float32], uses: list[_Node]) -> _Stored | None:
        axes = {_channels(node, name, values.ndim) for node in uses}
        axis = axes.pop() if len(axes) == 1 else None
        if axis is None:
            return None
        others = tuple(i for i in range(values.ndim) if i != axis)
        scale = np.abs(values).max(axis=others).astype(np.float32) / np.float32(127)
        scale[scale == 0] = 1
        shape = [1] * values.ndim
        shape[axis] = -1
        rounded = np.rint(values / scale.reshape(shape)).clip(-127, 127).astype(np.int8)
        tensors = [numpy_helper.from_array(rounded, f"{name}_int8"), numpy_helper.from_array(scale, f"{name}_scale")]
        inputs = [tensor.name for tensor in tensors]
        return tensors, [helper.make_node("DequantizeLinear", inputs, [name], f"{name}_restored", axis=axis)]

    return _converted(model, stored)


def _channels(node: _Node, name: str, axes: int) -> int | None:
    """The axis of a weight that has the channels of the output; None for a node that is not a layer."""
    if list(node.input).index(name) != (0 if node.op_type == "Gather" else 1):
        return None
    transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
    if node.op_type in ("Conv", "Gather") and axes > 1:
        return 0
    if node.op_type == "Gemm":
        return 0 if transposed else 1
    return 1 if node.op_type == "MatMul" and axes == 2 else None


def _converted(
    model: onnx.ModelProto, store: Callable[[str, npt.NDArray[np.float32], list[_Node]], _Stored | None]
) -> onnx.ModelProto | None:
    """A copy of the model whose weights are converted by `store`; None where it converts none."""
    used = consumers(model.graph)
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    kept, nodes = [], []
    for tensor in graph.initializer:
        uses = used.get(tensor.name)
        size = int(np.prod(tensor.dims, dtype=np.int64))
        stored = None
        if tensor.data_type == TensorProto.FLOAT and uses and size >= _LEAST:
            values = numpy_helper.to_array(tensor)
            stored = store(tensor.name, values, uses) if np.isfinite(values).all() else None
        if stored is None:
            kept.append(tensor)
        else:
            kept += stored[0]
            nodes += stored[1]
    if not nodes:
        return None
    nodes += graph.node
    del graph.node[:], graph.initializer[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    return changed


def _cast(source: str, target: str) -> _Node:
    return helper.make_node("Cast", [source], [target], f"{target}_restored", to=TensorProto.FLOAT)
