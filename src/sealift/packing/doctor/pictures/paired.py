"""The paired comparison of two preprocessings: errors for each picture, and an exact sign test."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.label import LABEL
from sealift.contract.outputs.labels import LABELS
from sealift.contract.outputs.value import VALUE

Errors = npt.NDArray[np.float64]


def measured_output(outputs: Collection[str], *, is_classifier: bool) -> str | None:
    """The output whose answers are compared with the truth; None if the model has none of these.

    A source that predicts may name both `label` and `value`; only a classifier has labels then.
    """
    if VALUE.name in outputs and not is_classifier:
        return VALUE.name
    return next((kind.name for kind in (LABEL, LABELS, VALUE) if kind.name in outputs), None)


def metric_of(output: str) -> str:
    """The name of the metric, as in `sklearn.metrics`."""
    return "mean_absolute_error" if output == VALUE.name else "accuracy_score"


def errors(output: str, answers: Mapping[str, Any], truth: npt.NDArray[Any]) -> Errors | None:
    """The error (N,) of each picture: 0 or 1 for labels, the mean absolute error for values; None if y has no such."""
    given = np.asarray(answers[output])
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    if given.shape != truth.shape:
        return None
    rows = len(truth)
    if output != VALUE.name:
        if _has_text(given) != _has_text(truth):  # such as names of classes for a net that answers with numbers
            return None
        return np.asarray((given != truth).reshape(rows, -1).any(axis=1), dtype=np.float64)
    try:
        distance = np.abs(given.astype(np.float64) - truth.astype(np.float64))
    except (TypeError, ValueError):
        return None
    if not np.isfinite(truth.astype(np.float64)).all():
        return None
    return np.asarray(np.nan_to_num(distance, nan=np.inf, posinf=np.inf).reshape(rows, -1).mean(axis=1))


def _has_text(labels: npt.NDArray[Any]) -> bool:
    return any(isinstance(label, str) for label in labels.reshape(-1).tolist())


def figure(output: str, wrong: Errors) -> float:
    """The metric of the errors."""
    return float(wrong.mean()) if output == VALUE.name else 1.0 - float(wrong.mean())


def sign_test(better: int, worse: int) -> float:
    """The probability of at least `better` of `better + worse` pictures, if both were equally probable.

    For correct and wrong answers this is McNemar's exact test, one-sided.
    """
    count = better + worse
    outcomes: int = sum(math.comb(count, k) for k in range(better, count + 1))
    return float(outcomes / 2**count)
