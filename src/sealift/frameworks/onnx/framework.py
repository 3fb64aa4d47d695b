"""ONNX as a framework: model files and objects that another exporter made."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from sealift.frameworks.base import Framework, Source, Trust
from sealift.optional import need


class Onnx(Framework):
    """ONNX models, as files and as `onnx.ModelProto`."""

    name = "onnx"
    extra = "sklearn"
    packages = ("onnx", "sealift.frameworks.onnx")
    converters = "sealift.frameworks.onnx.model"
    distributions = ("onnx",)

    def source(self, model: Any, rows: Any = None) -> Source:
        """The model run by ONNX Runtime, in the shape of an estimator."""
        from sealift.frameworks.onnx.source import OnnxSource

        del rows
        return OnnxSource(model)

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether it is an .onnx file, by its ending: its bytes have no mark."""
        del head
        return path.suffix.lower() == ".onnx"

    def open(self, path: Path, trust: Trust) -> Any:
        """The model in an .onnx file."""
        need("onnx", self.extra, "Opening this file", where=str(path))
        return import_module("sealift.frameworks.onnx.model").OnnxModel(path, limits=trust.limits)


FRAMEWORK = Onnx()
