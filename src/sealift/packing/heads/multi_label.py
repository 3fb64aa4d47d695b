"""`MultiLabel`: any number of labels for each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.labels import LABELS
from sealift.contract.outputs.probability import PROBABILITY
from sealift.graph.step import NamedOutput
from sealift.graph.tensor import Tensor
from sealift.packing.heads.base import Geometry, OutputHead, as_matrix, check_names, matrix, unusable
from sealift.packing.heads.classes import Activation, activate, activated


@dataclass(frozen=True, init=False)
class MultiLabel(OutputHead):
    """The output contains a number for each label. A row has every label whose probability reaches its threshold.

    Attributes:
        names: the names of the labels, in the order of the model's numbers.
        thresholds: the least probability with which a label is given: one for all labels, or one for each.
        activation: "sigmoid" for logits, None where the numbers are probabilities.

    Raises:
        PackError: E352 for arguments that cannot be used.
    """

    names: tuple[str, ...]
    thresholds: tuple[float, ...]
    activation: Activation
    kinds = (LABELS.name, PROBABILITY.name)

    def __init__(
        self,
        names: Sequence[str],
        thresholds: float | Sequence[float] = 0.5,
        activation: Activation = "sigmoid",
    ) -> None:
        checked = check_names("MultiLabel", names)
        given = np.asarray(thresholds)
        if given.dtype.kind not in "iuf" or given.ndim > 1 or (given.ndim and len(given) != len(checked)):
            raise unusable(
                "MultiLabel", "thresholds must be one number, or one for each label", "Use thresholds=0.5 or a list."
            )
        numbers = tuple(float(each) for each in np.broadcast_to(given, len(checked)))
        if not all(0 < each <= 1 for each in numbers):
            raise unusable("MultiLabel", "a threshold must be above 0 and at most 1", "Give probabilities.")
        if activation not in ("sigmoid", None):
            raise unusable("MultiLabel", f"activation {activation!r:.40} is not known", 'Use "sigmoid" or None.')
        object.__setattr__(self, "names", checked)
        object.__setattr__(self, "thresholds", numbers)
        object.__setattr__(self, "activation", activation)

    def attach(
        self, raw: Sequence[Tensor], names: Sequence[str], geometry: Geometry[Tensor] | None
    ) -> list[NamedOutput]:
        """Which labels a row has, bool (N, k), and their probabilities, float64 (N, k)."""
        del geometry
        probability = activated(matrix(raw[0], len(self.names), "MultiLabel"), self.activation, 1.0)
        limits = np.array([self.thresholds])
        given = probability.op("GreaterOrEqual", limits, dtype="bool")
        about = {"classes": tuple(range(len(self.names))), "class_names": self.names}
        settings = {"settings": {"thresholds": list(self.thresholds)}}
        return [
            NamedOutput(names[0], given, LABELS.name, about | settings, decided_by=names[1]),
            NamedOutput(names[1], probability, PROBABILITY.name, about),
        ]

    def answer(
        self, raw: Sequence[npt.NDArray[Any]], geometry: Geometry[npt.NDArray[np.float64]] | None
    ) -> list[npt.NDArray[Any]]:
        """As `attach`."""
        del geometry
        probability = activate(as_matrix(raw[0]), self.activation, 1.0)
        return [probability >= np.array(self.thresholds), probability]

    def truth(self, y: Any) -> Any:
        """Lists of names as booleans (N, k); other true answers are unchanged."""
        if y is None or not isinstance(y, list | tuple) or not all(isinstance(each, list | tuple | set) for each in y):
            return y
        if not all(isinstance(name, str) for each in y for name in each):
            return y
        return np.array([[name in each for name in self.names] for each in y])
