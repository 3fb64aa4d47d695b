"""An ONNX model as a source."""

from __future__ import annotations

import onnx

from sealift.frameworks.onnx.model import OnnxModel
from sealift.frameworks.sklearn.source import EstimatorSource
from sealift.runtime import Limits


class OnnxSource(EstimatorSource):
    """An ONNX model, which ONNX Runtime runs, in the shape of an estimator."""

    def __init__(self, model: OnnxModel | onnx.ModelProto) -> None:
        super().__init__(model if isinstance(model, OnnxModel) else OnnxModel(model))

    @property
    def limits(self) -> Limits:
        """Those that the model was opened with: its graph may come from anywhere."""
        limits: Limits = self.model.limits
        return limits
