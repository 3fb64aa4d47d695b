"""Converters for scikit-learn's estimators; importing this package registers them.

Each converter repeats, operation by operation, what the estimator's own prediction code does, in the same precision.
"""

from sealift.convert.sklearn import (
    boosting,
    compose,
    encoders,
    forest,
    hist,
    impute,
    linear,
    scale,
    svm,
)

__all__ = ["boosting", "compose", "encoders", "forest", "hist", "impute", "linear", "scale", "svm"]
