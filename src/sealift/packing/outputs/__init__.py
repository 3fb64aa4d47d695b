"""What packing asks of kinds of outputs: magnitudes for tolerances, quality, names."""

from sealift.packing.outputs.base import OutputPacking, packing_of

__all__ = ["OutputPacking", "packing_of"]
