"""Converters for LightGBM's estimators and boosters; importing this package registers them.

LightGBM compares and adds in float64, tree by tree; so does the graph.
"""

from sealift.frameworks.lightgbm import estimators
from sealift.frameworks.lightgbm.native import NativeModel, adapt, load

__all__ = ["NativeModel", "adapt", "estimators", "load"]
