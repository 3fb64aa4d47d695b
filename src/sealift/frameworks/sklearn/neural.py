"""Multi-layer perceptrons and restricted Boltzmann machines (`neural_network/`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import neural_network

from sealift.frameworks.registry import converter
from sealift.graph.builder import Tensor
from sealift.graph.classify import by_probability, each_label, expit, logistic_pair, softmax
from sealift.graph.step import StepOutput
from sealift.graph.table import Table

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda x: x,
    "logistic": expit,
    "tanh": lambda x: x.op("Tanh"),
    "relu": lambda x: x.op("Relu"),
    "softmax": softmax,
    "exp": lambda x: x.exp(),
}


def _hidden(step: Any, x: Table) -> Tensor:
    """The activations before the last layer."""
    values = x.numbers()
    for weights, bias in zip(step.coefs_[:-1], step.intercepts_[:-1], strict=True):
        values = _ACTIVATIONS[step.activation](values.affine(weights, bias))
    return values


def _forward(step: Any, x: Table) -> Tensor:
    """The activations of the last layer."""
    return _ACTIVATIONS[step.out_activation_](_hidden(step, x).affine(step.coefs_[-1], step.intercepts_[-1]))


@converter(neural_network.MLPClassifier)
def classifier(step: Any, x: Table) -> StepOutput:
    """One logistic output for two classes, softmax for more, one logistic output for each of several labels."""
    weights, bias = step.coefs_[-1], step.intercepts_[-1]
    multilabel = step._label_binarizer.y_type_.startswith("multilabel")
    if weights.shape[1] == 1 and not multilabel:
        signed = _hidden(step, x).affine(np.hstack([weights, -weights]), np.concatenate([bias, -bias]))
        return by_probability(step.classes_, logistic_pair(signed))
    activations = _forward(step, x)
    if multilabel:
        columns = [activations.column(i) for i in range(activations.width)]
        return each_label((column > 0.5, column, None) for column in columns)
    return by_probability(step.classes_, activations)


@converter(neural_network.MLPRegressor)
def regressor(step: Any, x: Table) -> StepOutput:
    """One output, or one for each target."""
    activations = _forward(step, x)
    return StepOutput(value=activations.vector() if activations.width == 1 else activations)


@converter(neural_network.BernoulliRBM)
def boltzmann(step: Any, x: Table) -> Table:
    """The probabilities of the hidden units."""
    hidden = expit(x.numbers() @ step.components_.T + step.intercept_hidden_)
    return x.with_values(hidden, step.get_feature_names_out())
