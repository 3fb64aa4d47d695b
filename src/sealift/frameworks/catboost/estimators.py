"""CatBoost's estimators: raw values, then the transformation in `predict` (`libs/eval_result/eval_helpers.cpp`)."""

from __future__ import annotations

from typing import Any

import catboost
import numpy as np

from sealift.frameworks.boosting import regression
from sealift.frameworks.catboost.native import loss_of
from sealift.frameworks.catboost.raw import raw
from sealift.frameworks.registry import converter
from sealift.graph.builder import concat
from sealift.graph.classify import each_label, expit, softmax, two_columns
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table

_EXPONENT = {"Poisson", "Tweedie"}
_BINARY = {"Logloss", "CrossEntropy", "Focal"}


@converter(catboost.CatBoostClassifier)
def classifier(step: Any, x: Table) -> StepOutput:
    """Two classes, several classes, or several labels."""
    loss = _loss(step)
    score = raw(step, x)
    classes = _classes(step)
    if loss in ("MultiLogloss", "MultiCrossEntropy"):
        share = expit(score)
        columns = [score.column(k) for k in range(score.width)]
        return each_label((s > 0.0, share.column(k), None) for k, s in enumerate(columns))
    if score.width > 1:
        probability = expit(score) if loss == "MultiClassOneVsAll" else softmax(score)
        return StepOutput(class_index=score.argmax(), classes=classes, probability=probability)
    if loss not in _BINARY:
        raise refuse(f"Its loss {loss!r} gives no class here.", "Train it with Logloss or MultiClass.")
    value = score.vector()
    above = value > _border(step)
    return StepOutput(class_index=above.cast("int64"), classes=classes, probability=two_columns(expit(value)))


@converter(catboost.CatBoostRegressor)
def regressor(step: Any, x: Table) -> StepOutput:
    """The raw value, or its exponential for counts; mean and variance if the loss has both."""
    loss = _loss(step)
    score = raw(step, x)
    if loss == "RMSEWithUncertainty":
        return StepOutput(value=concat([score.columns([0]), (score.columns([1]) * 2.0).exp()]))
    return regression(score.exp() if loss in _EXPONENT else score)


@converter(catboost.CatBoostRanker, catboost.CatBoost)
def ranker(step: Any, x: Table) -> StepOutput:
    """The raw value."""
    return regression(raw(step, x))


def _loss(step: Any) -> str:
    """The name of the loss without its parameters; CatBoost's name for a custom one."""
    loss = loss_of(step) if step.is_fitted() else ""
    if not loss:
        raise refuse(
            "It has no loss function of CatBoost's own, or is a sum of models, which has none.",
            "Train it with one of CatBoost's losses; or load it as a plain catboost.CatBoost and pack the raw value.",
        )
    return loss


def _border(step: Any) -> float:
    """The raw value above which the second class is predicted."""
    share = step.get_probability_threshold()
    return float(np.log(share / (1.0 - share)))


def _classes(step: Any) -> Any:
    return np.asarray(step.classes_)
