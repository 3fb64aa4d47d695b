"""Tokenizers of the library `tokenizers` as stages: `stage_values` converts one, with tables of characters."""

from sealift.packing.tokenizer.compile import stage_values

__all__ = ["stage_values"]
