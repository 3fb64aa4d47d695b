"""Compare a server that answers today (the incumbent) with a sealed model on the same rows."""

from sealift.incumbent.comparison import ServerComparison, shadow_diff

__all__ = ["ServerComparison", "shadow_diff"]
