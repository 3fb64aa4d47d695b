"""Calibrated classifiers (`calibration.py`): sigmoid, isotonic and temperature."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import calibration
from sklearn.isotonic import IsotonicRegression

from sealift.frameworks.registry import apply, converter
from sealift.frameworks.sklearn.isotonic import stairs
from sealift.frameworks.sklearn.response import response
from sealift.graph.builder import Tensor, concat, stack, where
from sealift.graph.classify import by_probability, expit, shares, softmax, two_columns
from sealift.graph.step import StepOutput
from sealift.graph.table import Table, constant_column


@converter(calibration.CalibratedClassifierCV)
def calibrated(step: Any, x: Table) -> StepOutput:
    """The mean of the calibrated probabilities of the classifiers of all folds."""
    total: Tensor | None = None
    for i, member in enumerate(step.calibrated_classifiers_):
        part = _member(member, x, f"fold {i}")
        total = part if total is None else total + part
    assert total is not None
    return by_probability(step.classes_, total / float(len(step.calibrated_classifiers_)))


def _member(member: Any, x: Table, name: str) -> Tensor:
    classes = np.asarray(member.classes)
    answer = apply(member.estimator, x, name)
    rated, method = response(member.estimator, answer, "decision_function", "predict_proba")
    if method == "predict_proba" and len(classes) == 2:
        rated = rated.columns([1])
    rated = rated.matrix() if len(rated.shape) == 1 else rated
    if member.method == "temperature":
        return _whole(_tempered(member.calibrators[0], rated, method, len(classes)))
    known = np.searchsorted(classes, np.asarray(member.estimator.classes_))
    rows = constant_column(x, 0.0)
    columns = [rows] * len(classes)
    for i, (place, calibrator) in enumerate(zip(known, member.calibrators, strict=False)):
        columns[place + (len(classes) == 2)] = _curve(calibrator, rated.column(i))
    if len(classes) == 2:
        return _whole(two_columns(columns[1]))
    return _whole(shares(stack(columns)))


def _curve(calibrator: Any, rated: Tensor) -> Tensor:
    if isinstance(calibrator, IsotonicRegression):
        return stairs(calibrator, rated)
    return expit(-(rated * float(calibrator.a_) + float(calibrator.b_)))


def _tempered(calibrator: Any, rated: Tensor, method: str, count: int) -> Tensor:
    """Softmax of the logits over the temperature; the method shows whether the numbers are probabilities."""
    if method == "predict_proba":
        both = two_columns(rated.vector()) if count == 2 else rated
        logits = (both + 1e-12).log()
    else:
        logits = concat([-rated, rated]) if count == 2 else rated
    return softmax(logits * float(calibrator.beta_))


def _whole(probability: Tensor) -> Tensor:
    """Clip values that rounding made greater than 1."""
    return where((probability > 1.0) & (probability <= 1.0 + 1e-5), 1.0, probability)
