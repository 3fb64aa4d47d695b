"""Summaries of columns that reveal no record, and rows drawn from them."""

from sealift.stats.copula import correlation, draw
from sealift.stats.sketch import SMALL, Categories, Numbers, Sketch, sketch_numbers, sketch_texts

__all__ = ["SMALL", "Categories", "Numbers", "Sketch", "correlation", "draw", "sketch_numbers", "sketch_texts"]
