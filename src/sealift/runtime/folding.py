"""ONNX Runtime's own simplification of a graph, which is written to a file and not run."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from sealift.runtime.engine import cannot_run, library


def folded(graph: bytes) -> bytes:
    """The graph with its constants computed in advance and nodes without effect removed, in standard operators only.

    Raises:
        SealError: E207 when ONNX Runtime cannot load the graph.
    """
    ort = library()
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 4
    with TemporaryDirectory() as folder:
        written = Path(folder) / "model.onnx"
        options.optimized_model_filepath = str(written)
        try:
            ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library raises classes of its own
            raise cannot_run(error) from error
        return written.read_bytes()
