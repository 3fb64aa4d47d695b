"""Converters for XGBoost's estimators and boosters; importing `estimators` registers them.

XGBoost computes in float32: inputs, thresholds, and the sum over the trees in their order. So does the graph, which
therefore gives the very same margins.
"""
