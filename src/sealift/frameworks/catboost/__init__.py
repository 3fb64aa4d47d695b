"""Converters for CatBoost's models; importing `estimators` registers them.

CatBoost rounds its inputs to float32, compares them there, and adds the leaves in float64; so does the graph. A model
stores only hashes of its categories; their names are taken from the rows given to `pack`.
"""
