"""Converters for LightGBM's estimators and boosters; importing `estimators` registers them.

LightGBM compares and adds in float64, tree by tree; so does the graph.
"""
