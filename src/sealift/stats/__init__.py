"""Summaries of columns that reveal no record, and rows drawn from them."""

from sealift.stats.copula import correlation, draw
from sealift.stats.sketch import (
    SMALL,
    Arrays,
    Categories,
    Numbers,
    Pictures,
    Sketch,
    sketch_arrays,
    sketch_numbers,
    sketch_strings,
)

__all__ = [
    "SMALL",
    "Arrays",
    "Categories",
    "Numbers",
    "Pictures",
    "Sketch",
    "correlation",
    "draw",
    "sketch_arrays",
    "sketch_numbers",
    "sketch_strings",
]
