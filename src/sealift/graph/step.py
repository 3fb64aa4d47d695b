"""What a converted step gives, and the error for a step that cannot be converted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sealift.contract.outputs.features import FEATURES
from sealift.contract.outputs.probability import PROBABILITY
from sealift.contract.outputs.score import SCORE
from sealift.contract.outputs.value import VALUE
from sealift.errors import PackError
from sealift.graph.table import Table
from sealift.graph.tensor import Tensor


@dataclass(frozen=True)
class NamedOutput:
    """An output of a model under the model's own name for it.

    Attributes:
        name: the name in the contract, and in the answers of the source.
        tensor: its values, (N,), (N, k) or (N, ...).
        kind: the name of its kind; by default, `value` or `array` for floats, `label` or `array` for other dtypes.
        attributes: further attributes of the contract's output, such as `classes`, `columns` or `settings`.
        decided_by: for a class or a set of labels, the output of the numbers that decide it, so that ties are known.
        sizes: the dimensions of an array after the rows, names where they are not fixed; by default the tensor's.
    """

    name: str
    tensor: Tensor
    kind: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    sizes: tuple[int | str, ...] | None = None
    decided_by: str = ""


@dataclass(frozen=True)
class StepOutput:
    """What a step can give, each part only where the estimator offers it.

    Attributes:
        features: transform(X).
        value: predict(X) of a regressor, (N,) or (N, k).
        class_index: the predicted class as an index into `classes`, int64 (N,).
        classes: the class values in the order of the columns of `probability`.
        probability: predict_proba(X), (N, classes).
        score: decision_function(X) or score_samples(X), (N,) or (N, k).
        label: predict(X) of a clusterer or outlier detector, (N,); or of a classifier that has no `class_index`.
        targets: for a classifier of several targets, its answer to each one. Where `predict_proba` has one column
            a target, so has the target's `probability`: that of its last class.
        named: the outputs of a model that has several, or one with several axes; the other attributes are then empty.
    """

    features: Table | None = None
    value: Tensor | None = None
    class_index: Tensor | None = None
    classes: Any = None
    probability: Tensor | None = None
    score: Tensor | None = None
    label: Tensor | None = None
    targets: tuple[StepOutput, ...] = ()
    named: tuple[NamedOutput, ...] = ()

    def numbers(self) -> dict[str, Tensor]:
        """The outputs that are numbers, by the names of their kinds; a score only where there is no probability."""
        tensors = {
            FEATURES.name: None if self.features is None else self.features.numbers(),
            PROBABILITY.name: self.probability,
            VALUE.name: self.value,
            SCORE.name: self.score if self.probability is None else None,
        }
        return {name: tensor for name, tensor in tensors.items() if tensor is not None}

    @property
    def single(self) -> bool:
        """Whether any of it was computed in float32."""
        numbers = [self.value, self.probability, self.score, *(output.tensor for output in self.named)]
        only_features = self.class_index is None and self.value is None and self.label is None
        features = only_features and self.features is not None and self.features.single
        inner = any(target.single for target in self.targets)
        return features or inner or any(tensor is not None and tensor.dtype == "float32" for tensor in numbers)


def refuse(what: str, fix: str) -> PackError:
    """The error for a step that cannot be converted; `apply` adds the step's path."""
    return PackError("E302", what, fix=fix)
