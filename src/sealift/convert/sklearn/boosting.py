"""Gradient boosting over scikit-learn's own trees (`ensemble/_gb.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble

from sealift.convert import trees
from sealift.convert.classify import by_logistic, softmax
from sealift.convert.graph import Tensor
from sealift.convert.registry import Answer, converter, refuse
from sealift.convert.sklearn.forest import compared, to_tree
from sealift.convert.table import Table


def _raw(step: Any, x: Table) -> Tensor:
    """The raw predictions (N, k): the initial value, then each stage's leaf times the learning rate, in order."""
    targets = step.estimators_.shape[1]
    start = _initial(step, targets)
    members = [trees.constant(float(start[k]), k) for k in range(targets)]
    for stage in step.estimators_:
        for k, member in enumerate(stage):
            members.append(to_tree(member.tree_, step.learning_rate * member.tree_.value[:, 0, 0], k))
    return trees.total(compared(x), members, targets)


def _initial(step: Any, targets: int) -> Any:
    """The raw prediction before the first stage, which is the same for every row unless a custom `init` was given."""
    if isinstance(step.init_, str):
        return np.zeros(targets)
    if type(step.init_).__name__ not in ("DummyClassifier", "DummyRegressor"):
        raise refuse("It starts from another estimator (init=).", "Train it without init=, or with init='zero'.")
    return step._raw_predict_init(np.zeros((1, step.n_features_in_), dtype=np.float32))[0]


@converter(ensemble.GradientBoostingClassifier)
def classifier(step: Any, x: Table) -> Answer:
    """Log loss (two or more classes) or exponential loss."""
    raw = _raw(step, x)
    if raw.width > 1:
        return Answer(choice=raw.argmax(), classes=step.classes_, probability=softmax(raw), score=raw)
    slope = 2.0 if step.loss == "exponential" else 1.0
    return by_logistic(step.classes_, raw.vector(), at_zero=True, slope=slope)


@converter(ensemble.GradientBoostingRegressor)
def regressor(step: Any, x: Table) -> Answer:
    """Every loss predicts its raw value."""
    return Answer(value=_raw(step, x).vector())
