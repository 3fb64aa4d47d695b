"""Open a graph for the proof; an operator that ONNX Runtime lacks for float64 is reported with the remedy."""

from __future__ import annotations

import re

from onnx import TensorProto

from sealift.errors import SealError
from sealift.graph.split_model import SplitModel
from sealift.runtime import AnyEngine
from sealift.stages import Stages

_LACKING = re.compile(r"Could not find an implementation for (\w+)")


def opened(graph: SplitModel, stages: Stages) -> AnyEngine:
    """The engine of a graph.

    Raises:
        SealError: E207, E210 as `SplitModel.engine`.
    """
    try:
        return graph.engine(stages=stages)
    except SealError as error:
        lacking = _LACKING.search(error.what)
        if lacking is None or all(tensor.data_type != TensorProto.DOUBLE for tensor in graph.proto.graph.initializer):
            raise
        raise SealError(
            error.code,
            f"ONNX Runtime cannot compute the operator {lacking[1]} in float64.",
            fix="Pack the model in float32: call model.float() on a module, or export the ONNX file in float32.",
        ) from error
