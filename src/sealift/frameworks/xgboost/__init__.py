"""Converters for XGBoost's estimators and boosters; importing this package registers them.

XGBoost computes in float32: inputs, thresholds, and the sum over the trees in their order. So does the graph, which
therefore gives the very same margins.
"""

from sealift.frameworks.xgboost import estimators
from sealift.frameworks.xgboost.native import NativeModel, adapt, load

__all__ = ["NativeModel", "adapt", "estimators", "load"]
