"""Converters for CatBoost's models; importing this package registers them.

CatBoost rounds its inputs to float32, compares them there, and adds the leaves in float64; so does the graph. A model
keeps only hashes of its categories: their names are taken from the rows it is packed with.
"""

from sealift.frameworks.catboost import estimators
from sealift.frameworks.catboost.native import load

__all__ = ["estimators", "load"]
