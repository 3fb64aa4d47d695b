"""ONNX Runtime in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata

from sealift.runtime.engine import Engine
from sealift.runtime.engines.base import NATIVE, Session, Unavailable
from sealift.runtime.weights import Weights
from sealift.stages import Stages


class NativeEngine:
    """ONNX Runtime, which the package depends on."""

    name = NATIVE
    key = NATIVE
    title = "ONNX Runtime"
    consequence = "The sealed file cannot predict"

    def unavailable(self) -> Unavailable | None:
        """None: it is a dependency of the package."""
        return None

    def version(self) -> str:
        """The version of the installed package."""
        return f"onnxruntime {metadata.version('onnxruntime')}"

    @contextmanager
    def open(self, graph: bytes | memoryview, stages: Stages, weights: Weights | None = None) -> Iterator[Session]:
        """Load the graph."""
        yield Engine(graph, stages=stages, weights=weights)


ENGINE = NativeEngine()
