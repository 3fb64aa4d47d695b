"""Estimators that return the output of another one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn import compose, frozen, linear_model, model_selection, semi_supervised
from sklearn.model_selection import _search_successive_halving as halving

from sealift.frameworks.registry import apply, converter
from sealift.frameworks.sklearn.inverse import inverse
from sealift.frameworks.sklearn.response import response
from sealift.graph.builder import where
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


@converter(
    model_selection.GridSearchCV,
    model_selection.RandomizedSearchCV,
    halving.HalvingGridSearchCV,
    halving.HalvingRandomSearchCV,
)
def search(step: Any, x: Table) -> StepOutput:
    """The best estimator that the search found."""
    if not hasattr(step, "best_estimator_") and step.refit is False:
        raise refuse("It has no best estimator (refit=False).", "Search with refit=True, or pack the estimator.")
    return apply(step.best_estimator_, x, "best_estimator")


@converter(frozen.FrozenEstimator)
def frozen_estimator(step: Any, x: Table) -> StepOutput:
    """The estimator inside."""
    return apply(step.estimator, x, "estimator")


@converter(semi_supervised.SelfTrainingClassifier, linear_model.RANSACRegressor)
def fitted(step: Any, x: Table) -> StepOutput:
    """The estimator that was fitted last."""
    return apply(step.estimator_, x, "estimator")


@converter(compose.TransformedTargetRegressor)
def transformed_target(step: Any, x: Table) -> StepOutput:
    """The inverse transform of the regressor's output."""
    value, _ = response(step.regressor_, apply(step.regressor_, x, "regressor"), "predict")
    matrix = value.matrix() if len(value.shape) == 1 else value
    with x.context.inside("transformer"):
        restored = inverse(step.transformer_, x, matrix)
    return StepOutput(value=restored.vector() if step._training_dim == 1 and restored.width == 1 else restored)


@converter(model_selection.FixedThresholdClassifier, model_selection.TunedThresholdClassifierCV)
def threshold(step: Any, x: Table) -> StepOutput:
    """The positive class if its probability or score reaches the threshold."""
    member = getattr(step, "estimator_", step.estimator)
    answer = apply(member, x, "estimator")
    tuned = isinstance(step, model_selection.TunedThresholdClassifierCV)
    positive = step._curve_scorer._get_pos_label() if tuned else step.pos_label
    known = step._get_response_method()
    rated, method = response(member, answer, *([known] if isinstance(known, str) else known))
    classes = np.asarray(step.classes_)
    first = positive is not None and classes[0] == positive
    if method == "predict_proba":
        rated = rated.column(0 if first else 1)
    elif first:
        rated = -rated
    limit = step.best_threshold_ if tuned else step.threshold
    if isinstance(limit, str):
        limit = 0.5 if method == "predict_proba" else 0.0
    reached = rated >= float(limit)
    choice = where(reached, np.array(0 if first else 1), np.array(1 if first else 0))
    return replace(answer, class_index=choice, classes=classes, features=None)
