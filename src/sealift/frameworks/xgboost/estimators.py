"""XGBoost's estimators: margins in float32, then the objective's link (`sklearn.py`, `src/objective/`)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from sealift.frameworks.boosting import check_order, regression, sequential_sum
from sealift.frameworks.registry import converter
from sealift.frameworks.xgboost.booster import XGBoostBooster, parse, rounds_used
from sealift.frameworks.xgboost.inputs import matrix
from sealift.frameworks.xgboost.native import NativeModel, adapt
from sealift.graph import trees
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.classify import each_label, two_columns
from sealift.graph.step import StepOutput
from sealift.graph.table import Table


def margins(parsed: XGBoostBooster, x: Tensor) -> Tensor:
    """The raw scores (N, targets) float32."""
    if parsed.weights is None:
        start = [trees.constant(float(value), k) for k, value in enumerate(parsed.base)]
        return trees.total(x, [*start, *parsed.trees], parsed.targets, "float32")
    present = where(x.isnan(), 0.0, x)
    starts = (parsed.bias + parsed.base).tolist()
    # Everything in float32, one addition after the other.
    return concat(
        sequential_sum(concat([present.columns([0]) * 0.0 + start, present * parsed.weights[:, k]]))
        for k, start in enumerate(starts)
    )


def linked(margin: Tensor, link: str) -> Tensor:
    """The objective's answer (N, targets) in float32; exponentials are the exact ones, rounded."""
    if link == "logistic":
        power = (-margin).op("Min", 88.7).cast("float64").exp().cast("float32")
        return 1.0 / (power + 1.0 + 1e-16)
    if link == "exp":
        return margin.cast("float64").exp().cast("float32")
    if link == "hinge":
        return (margin > 0.0).cast("float32")
    if link == "softmax":
        shifted = (margin - margin.max(keepdims=True)).cast("float64").exp().cast("float32")
        return shifted / shifted.cast("float64").sum(keepdims=True).cast("float32")
    return margin


@converter(xgboost.XGBClassifier, xgboost.XGBRFClassifier)
def classifier(step: Any, x: Table) -> StepOutput:
    """Two classes, several classes, or several labels."""
    parsed = _parsed(step)
    margin = margins(parsed, matrix(x, parsed, step.missing))
    return _classes(margin, parsed, np.asarray(step.classes_))


@converter(xgboost.XGBRegressor, xgboost.XGBRFRegressor, xgboost.XGBRanker)
def regressor(step: Any, x: Table) -> StepOutput:
    """The value of the objective; a ranker's raw score."""
    parsed = _parsed(step)
    return regression(linked(margins(parsed, matrix(x, parsed, step.missing)), parsed.link))


@converter(NativeModel, xgboost.Booster)
def native(step: Any, x: Table) -> StepOutput:
    """A booster without an estimator."""
    step = adapt(step)
    check_order(x, step.booster.feature_names)
    parsed = parse(step.booster, step.iterations, inplace=False)
    margin = margins(parsed, matrix(x, parsed, math.nan))
    if step.classes_ is None:
        return regression(linked(margin, parsed.link))
    return _classes(margin, parsed, step.classes_)


def _parsed(step: Any) -> XGBoostBooster:
    booster = step.get_booster()
    return parse(booster, rounds_used(booster, linear=step.booster == "gblinear"), inplace=True)


def _classes(margin: Tensor, parsed: XGBoostBooster, classes: npt.ArrayLike) -> StepOutput:
    answer = linked(margin, parsed.link)
    if parsed.link == "softmax":
        # softprob chooses among the rounded probabilities, which tie more often than the margins.
        chosen = margin if parsed.objective == "multi:softmax" else answer
        return StepOutput(class_index=chosen.argmax(), classes=classes, probability=answer)
    if answer.width > 1:
        columns = [answer.column(k) for k in range(answer.width)]
        return each_label((column > 0.5, column, None) for column in columns)
    positive = answer.vector()
    return StepOutput(class_index=(positive > 0.5).cast("int64"), classes=classes, probability=two_columns(positive))
