"""What packing asks of types of values: summaries, descriptions, probe values."""

from sealift.packing.types.base import Ordering, TypePacking, type_packing

__all__ = ["Ordering", "TypePacking", "type_packing"]
