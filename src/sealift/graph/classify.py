"""From scores to classes and probabilities, as the estimators' own code does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.graph.builder import Tensor, stack, where
from sealift.graph.step import StepOutput, refuse


def expit(x: Tensor) -> Tensor:
    """The logistic function 1 / (1 + e⁻ˣ)."""
    return 1.0 / (1.0 + (-x).exp())


def softmax(x: Tensor) -> Tensor:
    """The softmax over columns; the operator shifts by the row's maximum, as scikit-learn does."""
    return x.op("Softmax", axis=-1)


def log_sum_exp(x: Tensor) -> Tensor:
    """log Σ eˣ over columns, as a one-column matrix."""
    top = x.max(keepdims=True)
    return (x - top).exp().sum(keepdims=True).log() + top


def shares(x: Tensor) -> Tensor:
    """Each row over its sum; equal shares where the sum is 0."""
    total = x.sum(keepdims=True)
    return where(total.equals(0.0), 1.0 / x.width, x / total)


def two_columns(positive: Tensor) -> Tensor:
    """Probabilities (N, 2) out of the second class's probability (N,)."""
    return stack([1.0 - positive, positive])


def by_probability(classes: npt.ArrayLike, probability: Tensor) -> StepOutput:
    """A classifier that predicts the class of the first largest probability."""
    return StepOutput(class_index=probability.argmax(), classes=one_output(classes), probability=probability)


def by_score(classes: npt.ArrayLike, score: Tensor, probability: Tensor | None = None) -> StepOutput:
    """A linear classifier's answer: the sign of a score (N,), or the first largest score of (N, classes)."""
    choice = by_sign(score) if len(score.shape) == 1 else score.argmax()
    return StepOutput(class_index=choice, classes=one_output(classes), probability=probability, score=score)


def by_logistic(classes: npt.ArrayLike, score: Tensor, *, at_zero: bool = False, slope: float = 1.0) -> StepOutput:
    """Two classes by a finite score s (N,): its sign chooses, the logistic function of `slope` · s is the probability.

    It is the softmax of (−s/2, s/2), but for an infinite s.
    """
    halves = score.matrix() * np.array([[-slope / 2.0, slope / 2.0]])
    choice = halves.op("ArgMax", dtype="int64", shape=score.shape, axis=-1, keepdims=0, select_last_index=int(at_zero))
    return StepOutput(class_index=choice, classes=one_output(classes), probability=softmax(halves), score=score)


def logistic_pair(signed: Tensor) -> Tensor:
    """The probabilities of two classes out of the second's score, given as (s, −s): (N, 2).

    Both come out of one signed copy of the score, in a third of the nodes that each by itself would take.
    """
    return (signed.exp() + 1.0).op("Reciprocal")


def by_signed(classes: npt.ArrayLike, score: Tensor, signed: Tensor) -> StepOutput:
    """Two classes by a score s (N,), given as (s, −s) too, (N, 2); its logistic function is the probability."""
    # The class is that of the smaller entry, and the first at zero.
    choice = signed.op("ArgMin", dtype="int64", shape=score.shape, axis=-1, keepdims=0)
    return StepOutput(class_index=choice, classes=one_output(classes), probability=logistic_pair(signed), score=score)


def by_sign(score: Tensor, *, at_zero: bool = False) -> Tensor:
    """The index of the class that a binary score (N,) chooses; at 0 the second only where `at_zero`."""
    positive = score >= 0.0 if at_zero else score > 0.0
    return positive.cast("int64")


def each_label(columns: Iterable[tuple[Tensor, Tensor | None, Tensor | None]]) -> StepOutput:
    """A multi-label answer out of (chosen, probability, score) for each label, all (N,); `chosen` is bool."""
    return StepOutput(
        targets=tuple(
            StepOutput(
                class_index=chosen.cast("int64"),
                classes=np.arange(2),
                probability=None if probability is None else probability.matrix(),
                score=score,
            )
            for chosen, probability, score in columns
        )
    )


def votes(chosen: list[Tensor], confidences: list[Tensor], count: int) -> tuple[Tensor, Tensor]:
    """`_ovr_decision_function`: the votes (N, count) of every pair, and the votes plus squeezed confidences.

    Args:
        chosen: for each pair of classes i < j, whether j won, bool (N,).
        confidences: for each pair, how much speaks for j, (N,).
        count: the number of classes.
    """
    ballots: list[list[Tensor]] = [[] for _ in range(count)]
    sums: list[Tensor | None] = [None] * count
    for (i, j), second, confidence in zip(combinations(range(count), 2), chosen, confidences, strict=True):
        ballots[i].append((~second).cast("float64"))
        ballots[j].append(second.cast("float64"))
        before, after = sums[i], sums[j]
        sums[i] = -confidence if before is None else before - confidence
        sums[j] = confidence if after is None else after + confidence
    counted = stack([stack(each).sum() for each in ballots])
    total = stack([each for each in sums if each is not None])
    return counted, counted + total / (3.0 * (total.abs() + 1.0))


def labels(answer: StepOutput) -> Tensor:
    """`predict(X)` of a classifier (N,), in the values of its classes."""
    if answer.class_index is None:
        raise refuse("A part of it is no classifier of one target.", "Use classifiers of one target inside it.")
    return answer.class_index.take_from(np.asarray(answer.classes))


def renamed(answer: StepOutput, classes: npt.ArrayLike) -> StepOutput:
    """The answer of a classifier that was trained on the numbers of `classes`, in the classes' own values."""
    if answer.class_index is None:
        raise refuse("Its last part is no classifier of one target.", "Use a classifier of one target there.")
    return replace(answer, class_index=labels(answer).cast("int64"), classes=np.asarray(classes))


def one_output(classes: npt.ArrayLike) -> Any:
    """The classes of a classifier with one target. Raises PackError E302 for several targets."""
    if isinstance(classes, list):
        raise refuse("It predicts several targets at once.", "Pack one model for each target.")
    return np.asarray(classes)
