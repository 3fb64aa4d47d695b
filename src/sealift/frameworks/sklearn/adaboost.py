"""AdaBoost (`ensemble/_weight_boosting.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble

from sealift.frameworks.registry import apply, converter
from sealift.frameworks.sklearn.response import response
from sealift.graph.builder import Tensor, stack, where
from sealift.graph.classify import by_score, labels, softmax
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


@converter(ensemble.AdaBoostClassifier)
def classifier(step: Any, x: Table) -> StepOutput:
    """Each member adds its weight to the class that it predicts, and subtracts equal parts of it from the others."""
    classes, count = step.classes_, int(step.n_classes_)
    if count == 1:
        raise refuse("It knows only one class.", "Train it on rows of two classes or more.")
    total: Tensor | None = None
    for i, (member, weight) in enumerate(zip(step.estimators_, step.estimator_weights_, strict=False)):
        answer = apply(member, x, f"member {i}")
        numbers = np.searchsorted(classes, np.asarray(answer.classes))
        named = (
            labels(StepOutput(class_index=answer.class_index, classes=numbers))
            .matrix()
            .equals(np.arange(count)[None, :])
        )
        part = where(named, float(weight), float(-1 / (count - 1) * weight))
        total = part if total is None else total + part
    assert total is not None
    mean = total / float(step.estimator_weights_.sum())
    score = mean.column(1) - mean.column(0) if count == 2 else mean
    rated = stack([-score, score]) / 2.0 if count == 2 else score / float(count - 1)
    return by_score(classes, score, softmax(rated))


@converter(ensemble.AdaBoostRegressor)
def regressor(step: Any, x: Table) -> StepOutput:
    """The weighted median of the members."""
    predictions = stack([response(m, apply(m, x, f"member {i}"), "predict")[0] for i, m in enumerate(step.estimators_)])
    values, order = predictions.smallest(predictions.width)
    weights = order.take_from(np.asarray(step.estimator_weights_, dtype=np.float64))
    below = weights.op("CumSum", np.array(1))
    reached = below >= 0.5 * below.columns([predictions.width - 1])
    median = reached.cast("int64").argmax().matrix()
    return StepOutput(value=values.op("GatherElements", median, shape=(None, 1), axis=1).vector())
