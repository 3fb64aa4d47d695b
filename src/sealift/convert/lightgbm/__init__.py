"""Converters for LightGBM's estimators and boosters; importing this package registers them.

LightGBM compares and adds in float64, tree by tree; so does the graph.
"""

from sealift.convert.lightgbm import estimators
from sealift.convert.lightgbm.native import NativeModel, adapt, load

__all__ = ["NativeModel", "adapt", "estimators", "load"]
