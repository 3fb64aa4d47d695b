"""Converters for scikit-learn's estimators; importing this package registers them.

Each converter repeats, operation by operation, what the estimator's own prediction code does, in the same precision.
"""

from sealift.convert.sklearn import (
    bins,
    boosting,
    compose,
    encoders,
    forest,
    functions,
    hist,
    impute,
    impute_iterative,
    linear,
    polynomial,
    power,
    quantile,
    scale,
    svm,
)

__all__ = [
    "bins",
    "boosting",
    "compose",
    "encoders",
    "forest",
    "functions",
    "hist",
    "impute",
    "impute_iterative",
    "linear",
    "polynomial",
    "power",
    "quantile",
    "scale",
    "svm",
]
