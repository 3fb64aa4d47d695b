"""Objects that hold a model with its preprocessing or its labels, such as pipelines of `transformers`."""

from sealift.packing.bundles.base import ModelParts, Unbundler, taken_apart, unbundled

__all__ = ["ModelParts", "Unbundler", "taken_apart", "unbundled"]
