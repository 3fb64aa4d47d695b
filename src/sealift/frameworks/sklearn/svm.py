"""Support vector machines (`svm/_base.py`, libsvm's `svm_predict_values` and `svm_predict_probability`)."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import svm

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.coupling import coupled
from sealift.frameworks.sklearn.distances import kernel_sum
from sealift.frameworks.sklearn.linear import dense
from sealift.graph.builder import Tensor, where
from sealift.graph.classify import by_sign, votes
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table

_FLOOR = 1e-7  # the minimum distance of libsvm's pairwise probabilities from 0 and 1


def _weighted(step: Any, x: Table, weights: npt.NDArray[Any], sign: float = 1.0) -> Tensor:
    """(kernel with each support vector @ `weights` (vectors, k) + intercepts) * `sign`: (N, k)."""
    if step.kernel not in ("linear", "poly", "rbf", "sigmoid"):
        raise refuse(
            f"It uses the kernel {getattr(step.kernel, '__name__', step.kernel)!r:.60}.",
            "Train it with a linear, poly, rbf or sigmoid kernel.",
        )
    vectors = dense(step.support_vectors_)
    params = {"gamma": step._gamma, "coef0": step.coef0, "degree": step.degree}
    values = x.numbers().cast("float64")
    return kernel_sum(values, vectors, sign * weights, step.kernel, params, sign * np.asarray(step._intercept_))


def _pairs(step: Any) -> Any:
    """The weights of the support vectors in each pair of classes, (vectors, pairs)."""
    coefficients = dense(step._dual_coef_)
    ends = np.cumsum([0, *step._n_support])
    pairs = list(combinations(range(len(step.classes_)), 2))
    weights = np.zeros((ends[-1], len(pairs)))
    for p, (i, j) in enumerate(pairs):
        first, second = slice(ends[i], ends[i + 1]), slice(ends[j], ends[j + 1])
        weights[first, p] = coefficients[j - 1, first]
        weights[second, p] = coefficients[i, second]
    return weights


@converter(svm.SVC, svm.NuSVC)
def classifier(step: Any, x: Table) -> StepOutput:
    """Each pair of classes votes by the sign of its score."""
    count = len(step.classes_)
    if count == 2:
        score = _weighted(step, x, _pairs(step), -1.0).column(0)
        probability = _probability(step, [-score]) if len(step._probA) else None
        choice = by_sign(score, at_zero=True)
        return StepOutput(class_index=choice, classes=step.classes_, probability=probability, score=score)
    raw = _weighted(step, x, _pairs(step))
    scores = [raw.column(p) for p in range(raw.width)]
    probability = _probability(step, scores) if len(step._probA) else None
    won = [~(score > 0.0) for score in scores]
    counted, _ = votes(won, scores, count)
    _, ranked = votes([score < 0.0 for score in scores], [-score for score in scores], count)
    ovr = step.decision_function_shape == "ovr"
    choice = ranked.argmax() if step.break_ties and ovr else counted.argmax()
    return StepOutput(class_index=choice, classes=step.classes_, probability=probability, score=ranked if ovr else raw)


def _probability(step: Any, scores: list[Tensor]) -> Tensor:
    """The fitted sigmoid of each pair's score, then pairwise coupling, also for two classes."""
    pairwise = []
    for score, a, b in zip(scores, step._probA, step._probB, strict=True):
        slope = score * float(a) + float(b)
        down = (-slope).exp()
        sigmoid = where(slope >= 0.0, down / (1.0 + down), 1.0 / (1.0 + slope.exp()))
        pairwise.append(sigmoid.clip(_FLOOR, 1.0 - _FLOOR))
    return coupled(pairwise, len(step.classes_))


@converter(svm.SVR, svm.NuSVR)
def regressor(step: Any, x: Table) -> StepOutput:
    """The weighted kernel with each support vector."""
    return StepOutput(value=_weighted(step, x, dense(step._dual_coef_).T).vector())


@converter(svm.OneClassSVM)
def one_class(step: Any, x: Table) -> StepOutput:
    """1 if the score is above 0, else −1."""
    score = _weighted(step, x, dense(step._dual_coef_).T).vector()
    return StepOutput(label=where(score > 0.0, np.array(1), np.array(-1)), score=score)
