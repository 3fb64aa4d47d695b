"""Multi-layer perceptrons and restricted Boltzmann machines (`neural_network/`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn import neural_network

from sealift.convert.classify import by_probability, by_sign, each_label, expit, softmax, two_columns
from sealift.convert.graph import Tensor
from sealift.convert.registry import Answer, converter
from sealift.convert.table import Table

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda x: x,
    "logistic": expit,
    "tanh": lambda x: x.op("Tanh"),
    "relu": lambda x: x.op("Relu"),
    "softmax": softmax,
    "exp": lambda x: x.exp(),
}


def _forward(step: Any, x: Table) -> Tensor:
    """The activations of the last layer."""
    values = x.numbers()
    last = step.n_layers_ - 2
    for i, (weights, bias) in enumerate(zip(step.coefs_, step.intercepts_, strict=True)):
        values = _ACTIVATIONS[step.out_activation_ if i == last else step.activation](values @ weights + bias)
    return values


@converter(neural_network.MLPClassifier)
def classifier(step: Any, x: Table) -> Answer:
    """One logistic output for two classes, softmax for more, one logistic output for each of several labels."""
    found = _forward(step, x)
    if step._label_binarizer.y_type_.startswith("multilabel"):
        columns = [found.column(i) for i in range(found.width)]
        return each_label((column > 0.5, column, None) for column in columns)
    if found.width > 1:
        return by_probability(step.classes_, found)
    positive = found.vector()
    return Answer(choice=by_sign(positive - 0.5), classes=step.classes_, probability=two_columns(positive))


@converter(neural_network.MLPRegressor)
def regressor(step: Any, x: Table) -> Answer:
    """One output, or one for each target."""
    found = _forward(step, x)
    return Answer(value=found.vector() if found.width == 1 else found)


@converter(neural_network.BernoulliRBM)
def boltzmann(step: Any, x: Table) -> Table:
    """The probabilities of the hidden units."""
    hidden = expit(x.numbers() @ step.components_.T + step.intercept_hidden_)
    return Table.of(hidden, step.get_feature_names_out())
