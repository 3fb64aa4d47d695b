"""Compare a server that answers today (the incumbent) with a sealed model on the same rows."""

from sealift.incumbent.comparison import Comparison, shadow_diff

__all__ = ["Comparison", "shadow_diff"]
