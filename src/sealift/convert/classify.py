"""From scores to classes and probabilities, as the estimators' own code does it."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.convert.graph import Tensor, stack
from sealift.convert.registry import Answer, refuse


def expit(x: Tensor) -> Tensor:
    """The logistic function 1 / (1 + e⁻ˣ)."""
    return 1.0 / (1.0 + (-x).exp())


def softmax(x: Tensor) -> Tensor:
    """The softmax over columns, shifted by the row's maximum as scikit-learn does."""
    shifted = (x - x.max(keepdims=True)).exp()
    return shifted / shifted.sum(keepdims=True)


def two_columns(positive: Tensor) -> Tensor:
    """Probabilities (N, 2) out of the second class's probability (N,)."""
    return stack([1.0 - positive, positive])


def by_probability(classes: Any, probability: Tensor) -> Answer:
    """A classifier that predicts the class of the first largest probability."""
    return Answer(choice=probability.argmax(), classes=one_output(classes), probability=probability)


def by_sign(score: Tensor, *, at_zero: bool = False) -> Tensor:
    """The index of the class that a binary score (N,) chooses; at 0 the second only where `at_zero`."""
    positive = score >= 0.0 if at_zero else score > 0.0
    return positive.cast("int64")


def one_output(classes: Any) -> Any:
    """The classes of a classifier with one target. Raises PackError E302 for several targets."""
    if isinstance(classes, list):
        raise refuse("It predicts several targets at once.", "Pack one model for each target.")
    return np.asarray(classes)
