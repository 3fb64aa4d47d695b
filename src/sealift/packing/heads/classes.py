"""`Classes`: one class of several, from logits or probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.label import LABEL
from sealift.contract.outputs.probability import PROBABILITY
from sealift.graph.builder import concat
from sealift.graph.step import NamedOutput
from sealift.graph.tensor import Tensor
from sealift.packing.heads.base import Geometry, OutputHead, as_matrix, check_names, matrix, misfit, unusable

Activation = Literal["softmax", "sigmoid"] | None


@dataclass(frozen=True, init=False)
class Classes(OutputHead):
    """The output contains a number for each class. The answers are the class and the probability of each class.

    The class is the one with the largest number, of equal ones the first. A model of two classes may have one number
    for each row, that of the second class; the class is then the second one if its probability is above 0.5.

    Attributes:
        names: the names of the classes, in the order of the model's numbers.
        activation: "softmax" or "sigmoid" for logits, None where the numbers are probabilities. One number for each row
            needs "sigmoid" or None.
        temperature: logits are divided by it before the activation, as by temperature scaling (Guo et al., 2017).

    Raises:
        PackError: E352 for arguments that cannot be used.
    """

    names: tuple[str, ...]
    activation: Activation
    temperature: float
    kinds = (LABEL.name, PROBABILITY.name)

    def __init__(self, names: Sequence[str], activation: Activation = "softmax", temperature: float = 1.0) -> None:
        object.__setattr__(self, "names", check_names("Classes", names, least=2))
        if activation not in ("softmax", "sigmoid", None):
            raise unusable("Classes", f"activation {activation!r:.40} is not known", 'Use "softmax" or "sigmoid".')
        number = isinstance(temperature, int | float | np.number) and not isinstance(temperature, bool)
        if not number or not 0 < temperature < math.inf:
            raise unusable("Classes", f"temperature {temperature!r:.40} is not a positive number", "Use 1.0.")
        if activation is None and temperature != 1.0:
            raise unusable("Classes", "probabilities have no temperature", 'Give logits with activation="softmax".')
        object.__setattr__(self, "activation", activation)
        object.__setattr__(self, "temperature", float(temperature))

    def attach(
        self, raw: Sequence[Tensor], names: Sequence[str], geometry: Geometry[Tensor] | None
    ) -> list[NamedOutput]:
        """The index of the class, int64 (N,), and the probabilities, float64 (N, k)."""
        del geometry
        count = len(self.names)
        numbers = matrix(raw[0], None, "Classes")
        if numbers.width == 1 and count == 2:
            if self.activation == "softmax":
                raise misfit("Classes with softmax", raw[0].shape[1:], 'two numbers for each row (or use "sigmoid")')
            second = activated(numbers, self.activation, self.temperature)
            probability = concat([1.0 - second, second])
            label = (second > 0.5).cast("int64").op("Reshape", np.array([-1]), shape=(None,))
        else:
            numbers = matrix(raw[0], count, "Classes")
            probability = activated(numbers, self.activation, self.temperature)
            label = numbers.op("ArgMax", dtype="int64", shape=(None,), axis=1, keepdims=0)
        about = {"classes": tuple(range(count)), "class_names": self.names}
        return [
            NamedOutput(names[0], label, LABEL.name, about, decided_by=names[1]),
            NamedOutput(names[1], probability, PROBABILITY.name, about),
        ]

    def answer(
        self, raw: Sequence[npt.NDArray[Any]], geometry: Geometry[npt.NDArray[np.float64]] | None
    ) -> list[npt.NDArray[Any]]:
        """As `attach`."""
        del geometry
        numbers = as_matrix(raw[0])
        probability = activate(numbers, self.activation, self.temperature)
        if numbers.shape[1] == 1 and len(self.names) == 2:
            return [(probability[:, 0] > 0.5).astype(np.int64), np.hstack([1.0 - probability, probability])]
        return [numbers.argmax(axis=1), probability]

    def truth(self, y: Any) -> Any:
        """Names as indices of classes; other true answers are unchanged."""
        values = [] if y is None else np.asarray(y).reshape(-1).tolist()
        if not values or not set(map(str, values)) <= set(self.names) or not isinstance(values[0], str):
            return y
        places = {name: i for i, name in enumerate(self.names)}
        return np.array([places[value] for value in values])


def activated(numbers: Tensor, activation: Activation, temperature: float) -> Tensor:
    """Probabilities (N, k) of logits in the graph, in float64."""
    if activation is None:
        return numbers
    scaled = numbers if temperature == 1.0 else numbers / temperature
    if activation == "softmax":
        return scaled.op("Softmax", axis=1)
    return ((-scaled).op("Exp") + 1.0).op("Reciprocal")


def activate(numbers: npt.NDArray[np.float64], activation: Activation, temperature: float) -> npt.NDArray[np.float64]:
    """The same with NumPy, along the last axis."""
    if activation is None:
        return numbers
    scaled = numbers / temperature
    with np.errstate(over="ignore"):
        if activation == "sigmoid":
            return np.asarray(1.0 / (1.0 + np.exp(-scaled)))
        powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
