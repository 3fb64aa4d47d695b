"""Multiclass estimators that consist of binary ones (`multiclass.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import multiclass
from sklearn.base import is_classifier, is_regressor

from sealift.frameworks.registry import apply, converter
from sealift.frameworks.sklearn.cluster import nearest_of
from sealift.frameworks.sklearn.response import response
from sealift.graph.builder import Tensor, stack, where
from sealift.graph.classify import by_sign, each_label, labels, two_columns, votes
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table, constant_column


def _members(step: Any, x: Table) -> list[tuple[Any, StepOutput]]:
    return [(member, apply(member, x, f"estimator {i}")) for i, member in enumerate(step.estimators_)]


def _binary(member: Any, answer: StepOutput) -> Tensor:
    """`_predict_binary`: a regressor's value, a score, or the second class's probability."""
    if is_regressor(member):
        return response(member, answer, "predict")[0]
    scores, method = response(member, answer, "decision_function", "predict_proba")
    return scores.column(1) if method == "predict_proba" else scores


def _threshold(member: Any) -> float:
    return 0.0 if hasattr(member, "decision_function") and is_classifier(member) else 0.5


@converter(multiclass._ConstantPredictor)
def constant(step: Any, x: Table) -> StepOutput:
    """The constant estimator of a class that all training rows have, or none."""
    column = constant_column(x, float(step.y_[0]))
    return StepOutput(
        class_index=column.cast("int64"), classes=np.arange(2), probability=two_columns(column), score=column
    )


@converter(multiclass.OneVsRestClassifier)
def one_vs_rest(step: Any, x: Table) -> StepOutput:
    """The class whose binary estimator has the highest score, or each label by its own estimator."""
    if len(step.classes_) < 2:
        # Its `predict_proba` gives two columns for the one class.
        raise refuse("It knows only one class.", "Train it on rows of two classes or more.")
    members = _members(step, x)
    rated = [_binary(member, answer) for member, answer in members]
    positives = [answer.probability for _, answer in members]
    scores = [answer.score for _, answer in members]
    threshold = _threshold(members[0][0])
    has_probability = hasattr(step, "predict_proba") and all(p is not None for p in positives)
    has_score = hasattr(step, "decision_function") and all(s is not None for s in scores)
    shares = [p.column(1) for p in positives if p is not None] if has_probability else None
    if step.multilabel_:
        return each_label(
            (rate > threshold, shares[i] if shares else None, scores[i] if has_score else None)
            for i, rate in enumerate(rated)
        )
    probability = None
    if shares:
        wide = two_columns(shares[0]) if len(shares) == 1 else stack(shares)
        total = wide.sum(keepdims=True)
        probability = where(total.equals(0.0), wide, wide / total)
    if len(members) == 1:
        choice = (rated[0] > threshold).cast("int64")
        return StepOutput(class_index=choice, classes=step.classes_, probability=probability, score=scores[0])
    score = stack([s for s in scores if s is not None]) if has_score else None
    return StepOutput(class_index=stack(rated).argmax(), classes=step.classes_, probability=probability, score=score)


@converter(multiclass.OneVsOneClassifier)
def one_vs_one(step: Any, x: Table) -> StepOutput:
    """Each pair of classes votes; confidences break ties."""
    if step.pairwise_indices_ is not None:
        raise refuse("Its estimators take a precomputed kernel.", "Train it on the columns themselves.")
    members = _members(step, x)
    if any(is_regressor(member) for member, _ in members):
        raise refuse("Its estimators are regressors.", "Use classifiers inside it.")
    chosen = [labels(answer).equals(1) for _, answer in members]
    _, score = votes(chosen, [_binary(*member) for member in members], len(step.classes_))
    if step.n_classes_ > 2:
        return StepOutput(class_index=score.argmax(), classes=step.classes_, score=score)
    second = score.column(1)
    return StepOutput(class_index=by_sign(second - _threshold(members[0][0])), classes=step.classes_, score=second)


@converter(multiclass.OutputCodeClassifier)
def output_code(step: Any, x: Table) -> StepOutput:
    """The class whose code is nearest to the binary predictions."""
    words = np.asarray(step.code_book_, dtype=np.float64)
    rated = stack([_binary(*member) for member in _members(step, x)])
    return StepOutput(class_index=nearest_of(rated, words), classes=step.classes_)
