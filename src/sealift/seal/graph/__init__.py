"""The check of the graph of a sealed file, before it is passed to ONNX Runtime (spec/SEAL.md §7)."""

from sealift.seal.graph.tensors import Port, Weight
from sealift.seal.graph.walk import GraphInfo, check

__all__ = ["GraphInfo", "Port", "Weight", "check"]
