"""An ONNX model as a source."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from sealift.frameworks.base import RowFormat, forgotten
from sealift.frameworks.onnx.model import OnnxModel
from sealift.frameworks.sklearn.source import EstimatorSource
from sealift.runtime import Limits


class OnnxSource(EstimatorSource):
    """An ONNX model, which ONNX Runtime runs, in the shape of an estimator."""

    def __init__(self, model: OnnxModel | onnx.ModelProto) -> None:
        super().__init__(model if isinstance(model, OnnxModel) else OnnxModel(model))

    @property
    def rows(self) -> RowFormat:
        """Arrays where the model takes them, else a table."""
        arrays = self.model.arrays
        return super().rows if arrays is None else RowFormat("arrays", arrays=arrays)

    def remembered(self) -> list[tuple[str, Sequence[str]]]:
        """The columns; of arrays it says too little to make some. Raises PackError E305 then."""
        if self.model.arrays is not None:
            raise forgotten()
        return super().remembered()

    @property
    def limits(self) -> Limits:
        """Those that the model was opened with: its graph may come from anywhere."""
        limits: Limits = self.model.limits
        return limits
