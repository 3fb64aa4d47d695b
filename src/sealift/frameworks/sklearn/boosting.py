"""Gradient boosting of scikit-learn's trees (`ensemble/_gb.py`)."""

from __future__ import annotations

from copy import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn import dummy, ensemble
from sklearn.base import is_classifier

from sealift.frameworks.registry import apply, converter
from sealift.frameworks.sklearn.forest import compared, to_tree
from sealift.frameworks.sklearn.response import response
from sealift.graph import trees
from sealift.graph.builder import Tensor
from sealift.graph.classify import by_logistic, softmax
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


def _raw(step: Any, x: Table) -> Tensor:
    """The raw predictions (N, k): the initial value and each stage's leaf times the learning rate, added in order.

    The prediction of another estimator (init=) is added last, which may change the last digit.
    """
    targets = step.estimators_.shape[1]
    members = [
        to_tree(member.tree_, step.learning_rate * member.tree_.value[:, 0, 0], k)
        for stage in step.estimators_
        for k, member in enumerate(stage)
    ]
    if isinstance(step.init_, (str, dummy.DummyClassifier, dummy.DummyRegressor)):
        start = [trees.constant(float(value), k) for k, value in enumerate(_constant_start(step))]
        members = [*start, *members]
        return trees.total(compared(x), members, targets)
    return _initial(step, x) + trees.total(compared(x), members, targets)


def _constant_start(step: Any) -> Any:
    """The raw predictions (k,) before the first stage, if they are equal for all rows."""
    return step._raw_predict_init(np.zeros((1, step.n_features_in_), dtype=np.float32))[0]


def _initial(step: Any, x: Table) -> Tensor:
    """The raw predictions (N, k) of another estimator (init=), which is given the rows rounded to float32."""
    rounded = x.with_values(x.numbers().cast("float32")).stored(sparse=x.sparse)
    before = len(x.context.steps)
    answer = apply(step.init_, rounded, "init_")
    if not is_classifier(step):
        return response(step.init_, answer, "predict")[0].cast("float64").matrix()
    shares, _ = response(step.init_, answer, "predict_proba")
    asked = step.init_.predict_proba(np.zeros((1, step.n_features_in_), dtype=np.float32))
    if asked.dtype == np.float32 or any(inner.answer.single for inner in x.context.steps[before:]):
        # The last digit of a probability near 1 decides whether its odds are those of 1e-8 or of 1e-16.
        raise refuse(
            f"It starts from {type(step.init_).__name__} (init=), which scikit-learn then asks in float32: near 0 and "
            "1 the logarithm of its probabilities is mostly rounding.",
            "Train it without init=, or with init='zero' or trees.",
        )
    least = _least_share(step)
    if step._loss.is_multiclass:
        logs = shares.clip(least, 1.0 - least).log()
        return logs - logs.sum(keepdims=True) / float(shares.width)
    second = shares.column(1).clip(least, 1.0 - least)
    return ((second / (1.0 - second)).log() * (0.5 if step.loss == "exponential" else 1.0)).matrix()


def _least_share(step: Any) -> float:
    """The replacement of a probability of 0 before the logarithm; found by a call, since versions differ."""
    sure = copy(step)
    sure.init_ = SimpleNamespace(predict_proba=lambda _: np.eye(1, step.n_classes_))
    raw = _constant_start(sure)
    # The logarithms of two classes' odds, or of one's: log((1 - ε) / ε) apart.
    odds = np.ptp(raw) if step._loss.is_multiclass else -raw[0] * (2.0 if step.loss == "exponential" else 1.0)
    return float(1.0 / (1.0 + np.exp(odds)))


@converter(ensemble.GradientBoostingClassifier)
def classifier(step: Any, x: Table) -> StepOutput:
    """Log loss (two or more classes) or exponential loss."""
    raw = _raw(step, x)
    if raw.width > 1:
        return StepOutput(class_index=raw.argmax(), classes=step.classes_, probability=softmax(raw), score=raw)
    slope = 2.0 if step.loss == "exponential" else 1.0
    return by_logistic(step.classes_, raw.vector(), at_zero=True, slope=slope)


@converter(ensemble.GradientBoostingRegressor)
def regressor(step: Any, x: Table) -> StepOutput:
    """The raw value; the same for all losses."""
    return StepOutput(value=_raw(step, x).vector())
