"""What packing needs of kinds of outputs: magnitudes for tolerances, metrics, names."""

from sealift.packing.outputs.base import OutputPacking, packing_of

__all__ = ["OutputPacking", "packing_of"]
