"""The graph of a sealed file: what it may use, checked before ONNX Runtime is given it (spec/SEAL.md §7)."""

from sealift.seal.graph.tensors import Port, Weight
from sealift.seal.graph.walk import GraphInfo, check

__all__ = ["GraphInfo", "Port", "Weight", "check"]
