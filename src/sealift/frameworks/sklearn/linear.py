"""Linear models (`linear_model/`, `svm/_classes.py`): a linear function, and the outputs derived from it."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import linear_model, svm

from sealift.frameworks.registry import converter
from sealift.graph.builder import Tensor
from sealift.graph.classify import by_score, by_signed, each_label, expit, shares, softmax, two_columns
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


def dense(values: Any) -> npt.NDArray[Any]:
    """A dense array, also from a sparse matrix."""
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values)


def plane(x: Tensor, coefficients: npt.ArrayLike, intercept: npt.ArrayLike) -> Tensor:
    """x · coefficientsᵀ + intercept: (N,) for one row of coefficients, else (N, k)."""
    weights = np.atleast_2d(dense(coefficients))
    scores = x.affine(weights.T, np.broadcast_to(np.asarray(intercept, dtype=weights.dtype), (len(weights),)))
    return scores.vector() if np.ndim(coefficients) == 1 else scores


def decision(step: Any, x: Table) -> Tensor:
    """`decision_function` of a linear classifier: (N,) for two classes, else (N, classes)."""
    score = plane(x.numbers(), step.coef_, step.intercept_)
    return score.vector() if len(score.shape) == 2 and score.width == 1 else score


@converter(
    linear_model.ARDRegression,
    linear_model.BayesianRidge,
    linear_model.ElasticNet,
    linear_model.ElasticNetCV,
    linear_model.HuberRegressor,
    linear_model.Lars,
    linear_model.LarsCV,
    linear_model.Lasso,
    linear_model.LassoCV,
    linear_model.LassoLars,
    linear_model.LassoLarsCV,
    linear_model.LassoLarsIC,
    linear_model.LinearRegression,
    linear_model.MultiTaskElasticNet,
    linear_model.MultiTaskElasticNetCV,
    linear_model.MultiTaskLasso,
    linear_model.MultiTaskLassoCV,
    linear_model.OrthogonalMatchingPursuit,
    linear_model.OrthogonalMatchingPursuitCV,
    linear_model.PassiveAggressiveRegressor,
    linear_model.QuantileRegressor,
    linear_model.Ridge,
    linear_model.RidgeCV,
    linear_model.SGDRegressor,
    linear_model.TheilSenRegressor,
    svm.LinearSVR,
)
def regression(step: Any, x: Table) -> StepOutput:
    """A linear function, or one for each target."""
    return StepOutput(value=plane(x.numbers(), step.coef_, step.intercept_))


@converter(linear_model.PoissonRegressor, linear_model.GammaRegressor, linear_model.TweedieRegressor)
def generalized(step: Any, x: Table) -> StepOutput:
    """The inverse link of a linear function."""
    raw = plane(x.numbers(), step.coef_, step.intercept_)
    link = type(step._base_loss.link).__name__
    if link not in ("IdentityLink", "LogLink"):
        raise refuse(f"Its link {link} is not known.", "Use link='identity' or link='log'.")
    return StepOutput(value=raw.exp() if link == "LogLink" else raw)


@converter(linear_model.LogisticRegression, linear_model.LogisticRegressionCV)
def logistic(step: Any, x: Table) -> StepOutput:
    """The logistic function for two classes, softmax for more."""
    coefficients = dense(step.coef_)
    if len(coefficients) == 1:
        signed = plane(x.numbers(), np.vstack([coefficients, -coefficients]), np.outer([1, -1], step.intercept_)[:, 0])
        return by_signed(step.classes_, signed.column(0), signed)
    score = decision(step, x)
    return by_score(step.classes_, score, softmax(score))


@converter(linear_model.Perceptron, linear_model.PassiveAggressiveClassifier, svm.LinearSVC)
def margin(step: Any, x: Table) -> StepOutput:
    """The class with the highest score; no probabilities."""
    return by_score(step.classes_, decision(step, x))


@converter(linear_model.RidgeClassifier, linear_model.RidgeClassifierCV)
def ridge(step: Any, x: Table) -> StepOutput:
    """The class with the highest score, or each label by the sign of its score."""
    score = decision(step, x)
    if not step._label_binarizer.y_type_.startswith("multilabel"):
        return by_score(step.classes_, score)
    columns = [score.column(i) for i in range(score.width)]
    return each_label((column > 0.0, None, column) for column in columns)


def _shares_of_zeros(step: Any) -> bool:
    """Whether probabilities that are all 0 become equal, or NaN; versions of scikit-learn differ."""
    far = copy(step)
    far.coef_, far.intercept_ = np.zeros(step.coef_.shape), np.full(len(step.classes_), -1e6)
    with np.errstate(invalid="ignore"):
        return bool(np.isfinite(far.predict_proba(np.zeros((1, step.coef_.shape[1])))).all())


@converter(linear_model.SGDClassifier)
def stochastic(step: Any, x: Table) -> StepOutput:
    """The class with the highest score; one-vs-rest probabilities for the losses that define them."""
    score = decision(step, x)
    if step.loss == "log_loss":
        rated = expit(score)
        if len(score.shape) == 2 and not _shares_of_zeros(step):
            return by_score(step.classes_, score, rated / rated.sum(keepdims=True))
    elif step.loss == "modified_huber":
        rated = (score.clip(-1.0, 1.0) + 1.0) / 2.0
    else:
        return by_score(step.classes_, score)
    return by_score(step.classes_, score, two_columns(rated) if len(score.shape) == 1 else shares(rated))
