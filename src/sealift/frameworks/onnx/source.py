"""An ONNX model as a source."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy.typing as npt
import onnx

from sealift.frameworks.base import RowFormat, forgotten
from sealift.frameworks.named_outputs import contract_name
from sealift.frameworks.onnx.model import OnnxModel
from sealift.frameworks.sklearn.source import EstimatorSource
from sealift.runtime import Limits


class OnnxSource(EstimatorSource):
    """An ONNX model, with the methods of an estimator; ONNX Runtime runs it."""

    def __init__(self, model: OnnxModel | onnx.ModelProto) -> None:
        super().__init__(model if isinstance(model, OnnxModel) else OnnxModel(model))

    @property
    def rows(self) -> RowFormat:
        """Arrays if the model takes them, else a table."""
        arrays = self.model.arrays
        return super().rows if arrays is None else RowFormat("arrays", arrays=arrays)

    @property
    def outputs(self) -> Collection[str]:
        """The names of the outputs in the contract, where they keep the model's names."""
        if self.model.is_named:
            return {contract_name(port.name) for port in self.model.outputs}
        return super().outputs

    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """The outputs that ONNX Runtime computes."""
        if not self.model.is_named:
            return super().answer(rows, outputs)
        answers = {contract_name(name): answer for name, answer in self.model.run(rows).items()}
        return {name: answers[name] for name in outputs}

    def remembered(self) -> list[tuple[str, Sequence[str]]]:
        """The columns. Raises PackError E305 for a model of arrays, which are not described well enough."""
        if self.model.arrays is not None:
            raise forgotten()
        return super().remembered()

    @property
    def limits(self) -> Limits:
        """The limits with which the model was opened, since its graph may be of any origin."""
        limits: Limits = self.model.limits
        return limits
