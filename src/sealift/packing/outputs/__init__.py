"""What packing needs of kinds of outputs: magnitudes for tolerances, metrics, names."""

from sealift.packing.outputs.base import OutputPacking, SetDifferences, packing_of

__all__ = ["OutputPacking", "SetDifferences", "packing_of"]
