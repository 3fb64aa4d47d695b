"""Whether other preprocessings of pictures answer better than the declared one, on pictures with true answers."""

from sealift.packing.doctor.pictures.compare import LEAST, LEVEL, MOST, compared_variants
from sealift.packing.doctor.pictures.finding import BetterVariant

__all__ = ["LEAST", "LEVEL", "MOST", "BetterVariant", "compared_variants"]
