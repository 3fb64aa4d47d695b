"""Partial least squares and canonical correlation (`cross_decomposition/_pls.py`)."""

from __future__ import annotations

from typing import Any

from sklearn import cross_decomposition

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.linear import plane
from sealift.graph.step import StepOutput
from sealift.graph.table import Table


@converter(cross_decomposition.PLSRegression, cross_decomposition.PLSCanonical, cross_decomposition.CCA)
def latent(step: Any, x: Table) -> StepOutput:
    """A linear function of the centred columns; `transform` computes the scores."""
    centred = x.numbers() - step._x_mean
    value = plane(centred, step.coef_, step.intercept_)
    scores = (centred / step._x_std) @ step.x_rotations_
    return StepOutput(
        value=value.vector() if step._predict_1d else value,
        features=x.with_values(scores, step.get_feature_names_out()),
    )
