"""Layers in int8, by the quantization tools of ONNX Runtime."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy.typing as npt
import onnx

from sealift.packing.optimize.graphs import has

_PRODUCTS = frozenset({"MatMul", "Gemm"})
_LAYERS = frozenset({"Conv", *_PRODUCTS})
_QUANTIZED = frozenset({"ConvInteger", "DequantizeLinear", "MatMulInteger", "QuantizeLinear"})
_BETWEEN = (
    "Add", "AveragePool", "Clip", "Concat", "GlobalAveragePool", "MaxPool", "Mul", "Relu", "Reshape", "Transpose",
)  # fmt: skip
"""Operators between layers that keep int8, so that values are not converted at each of them."""


def dynamic(model: onnx.ModelProto, _rows: Iterable[Any]) -> onnx.ModelProto | None:
    """The model with products of matrices in int8; the range of the other factor is measured in each run."""
    if not has(model, _PRODUCTS):
        return None
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _files(model) as (source, target):
        # One scale for all rows of a run: the format requires answers that do not depend on other rows, so the
        # comparison rejects this method where its effect exceeds the tolerance.
        quantize_dynamic(
            source,
            target,
            op_types_to_quantize=sorted(_PRODUCTS),
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        return _changed(onnx.load(target))


def static(model: onnx.ModelProto, rows: Iterable[Mapping[str, npt.NDArray[Any]]]) -> onnx.ModelProto | None:
    """The model with layers in int8: uint8 values, int8 weights with a scale per channel, in the form of QDQ nodes.

    int8 values with int8 weights changed labels in tests, so they are not used.
    """
    if not has(model, _LAYERS):
        return None
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class CalibrationRows(CalibrationDataReader):  # type: ignore[misc]  # has no types
        def __init__(self) -> None:
            self._rows = iter(rows)

        def get_next(self) -> dict[str, Any] | None:
            piece = next(self._rows, None)
            return None if piece is None else dict(piece)

    with _files(model) as (source, target):
        quantize_static(
            source,
            target,
            CalibrationRows(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=[*sorted(_LAYERS), *_BETWEEN],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        return _changed(onnx.load(target))


def _changed(model: onnx.ModelProto) -> onnx.ModelProto | None:
    """The model; None where the tools quantized nothing, as in a graph of float64."""
    return model if has(model, _QUANTIZED) else None


@contextlib.contextmanager
def _files(model: onnx.ModelProto) -> Iterator[tuple[Path, Path]]:
    """The model as a file, and the path of the result. The tools advise on the root logger how to prepare a model."""
    root = logging.getLogger()
    level = root.level
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / "model.onnx", Path(folder) / "quantized.onnx"
        onnx.save(model, source)
        root.setLevel(logging.ERROR)
        try:
            yield source, target
        finally:
            root.setLevel(level)
