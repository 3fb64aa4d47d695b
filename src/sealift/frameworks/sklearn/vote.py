"""Voting and bagging (`ensemble/_voting.py`, `ensemble/_bagging.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn import ensemble

from sealift.frameworks.registry import apply, converter
from sealift.frameworks.sklearn.response import response
from sealift.graph.builder import Tensor, concat, stack
from sealift.graph.classify import by_probability, labels
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


def _sum(parts: Iterable[Tensor]) -> Tensor:
    first, *others = parts
    for part in others:
        first = first + part
    return first


def _average(parts: list[Tensor], weights: Sequence[float] | None) -> Tensor:
    """`np.average` over a list."""
    if weights is None:
        return _sum(parts) / float(len(parts))
    return _sum(part * float(w) for part, w in zip(parts, weights, strict=True)) / float(np.sum(weights))


def _voters(step: Any, x: Table) -> list[tuple[Any, StepOutput]]:
    names = [name for name, member in step.estimators if not isinstance(member, str)]
    return [(member, apply(member, x, name)) for name, member in zip(names, step.estimators_, strict=True)]


@converter(ensemble.VotingRegressor)
def voting_regressor(step: Any, x: Table) -> StepOutput:
    """The weighted mean of the members."""
    predictions = [response(member, answer, "predict")[0] for member, answer in _voters(step, x)]
    return StepOutput(value=_average(predictions, step._weights_not_none), features=x.with_values(stack(predictions)))


@converter(ensemble.VotingClassifier)
def voting_classifier(step: Any, x: Table) -> StepOutput:
    """The weighted mean of the probabilities, or the class with the most votes, the first one in a tie."""
    members = _voters(step, x)
    weights = step._weights_not_none
    if step.voting == "soft":
        rated = [response(member, answer, "predict_proba")[0] for member, answer in members]
        probability = _average(rated, weights)
        return StepOutput(
            class_index=probability.argmax(),
            classes=step.classes_,
            probability=probability,
            features=x.with_values(concat(rated)) if step.flatten_transform else None,
        )
    numbers = [labels(answer).cast("int64") for _, answer in members]
    ballots = [_one_hot(number, len(step.classes_)) for number in numbers]
    counted = _sum(ballots if weights is None else [b * float(w) for b, w in zip(ballots, weights, strict=True)])
    votes = x.with_values(stack(numbers).cast("float64"))
    return StepOutput(class_index=counted.argmax(), classes=step.classes_, features=votes)


@converter(ensemble.BaggingRegressor)
def bagging_regressor(step: Any, x: Table) -> StepOutput:
    """The mean of the members, each applied to its own columns."""
    predictions = [response(member, answer, "predict")[0] for member, answer in _bag(step, x)]
    return StepOutput(value=_sum(predictions) / float(len(predictions)))


@converter(ensemble.BaggingClassifier)
def bagging_classifier(step: Any, x: Table) -> StepOutput:
    """The mean of the members' probabilities, or the shares of votes."""
    count = int(step.n_classes_)
    members = _bag(step, x)
    parts = []
    for member, answer in members:
        if hasattr(member, "predict_proba"):
            rated, _ = response(member, answer, "predict_proba")
            known = np.asarray(member.classes_)
            # A member that was trained on some of the classes has probabilities only for those.
            parts.append(rated if len(known) == count else rated @ np.eye(count)[known])
        else:
            parts.append(_one_hot(labels(answer).cast("int64"), count))
    output = by_probability(step.classes_, _sum(parts) / float(len(parts)))
    complete = all(len(member.classes_) == count for member, _ in members)
    if not (hasattr(step, "decision_function") and complete):
        return output
    scores = [response(member, answer, "decision_function")[0] for member, answer in members]
    return StepOutput(
        class_index=output.class_index,
        classes=output.classes,
        probability=output.probability,
        score=_sum(scores) / float(len(scores)),
    )


def _bag(step: Any, x: Table) -> list[tuple[Any, StepOutput]]:
    if np.ndim(getattr(step, "classes_", ())) > 1:
        raise refuse("It predicts several targets at once.", "Pack one model for each target.")
    pairs = zip(step.estimators_, step.estimators_features_, strict=True)
    return [(member, apply(member, x.select(features), f"member {i}")) for i, (member, features) in enumerate(pairs)]


def _one_hot(numbers: Tensor, count: int) -> Tensor:
    return numbers.matrix().equals(np.arange(count)[None, :]).cast("float64")
