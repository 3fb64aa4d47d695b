"""Objects that hold a model with its preprocessing or its labels, such as pipelines of `transformers`."""

from sealift.packing.bundles.base import Bundle, Unbundler, unbundled

__all__ = ["Bundle", "Unbundler", "unbundled"]
