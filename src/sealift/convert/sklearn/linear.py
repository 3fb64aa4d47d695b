"""Linear models (`linear_model/_base.py`, `_logistic.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import linear_model

from sealift.convert.classify import by_sign, expit, softmax, two_columns
from sealift.convert.graph import Tensor
from sealift.convert.registry import Answer, converter
from sealift.convert.table import Table


def plane(x: Tensor, coefficients: Any, intercept: Any) -> Tensor:
    """x · coefficientsᵀ + intercept: (N,) for one row of coefficients, else (N, k)."""
    weights = np.atleast_2d(np.asarray(coefficients))
    found = x @ weights.T + np.broadcast_to(np.asarray(intercept, dtype=weights.dtype), (len(weights),))
    return found.vector() if np.ndim(coefficients) == 1 else found


@converter(linear_model.LinearRegression, linear_model.Ridge)
def regression(step: Any, x: Table) -> Answer:
    """A plane, or one for each target."""
    return Answer(value=plane(x.numbers(), step.coef_, step.intercept_))


@converter(linear_model.LogisticRegression)
def logistic(step: Any, x: Table) -> Answer:
    """Two classes by the logistic function, more by softmax."""
    score = plane(x.numbers(), step.coef_, step.intercept_)
    if len(step.classes_) > 2:
        return Answer(choice=score.argmax(), classes=step.classes_, probability=softmax(score), score=score)
    score = score.vector()
    return Answer(choice=by_sign(score), classes=step.classes_, probability=two_columns(expit(score)), score=score)
