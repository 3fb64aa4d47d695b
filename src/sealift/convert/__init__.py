"""Trained object → ONNX graph. One function converts one estimator; see `docs/fidelity.md` to add your own."""

from sealift.convert.graph import Graph, Tensor, concat, stack, where
from sealift.convert.keys import Keys
from sealift.convert.model import Conversion, convert
from sealift.convert.registry import (
    Answer,
    Step,
    apply,
    as_estimator,
    converter,
    explain,
    refuse,
    registered,
    transform,
)
from sealift.convert.table import Block, Table

__all__ = [
    "Answer",
    "Block",
    "Conversion",
    "Graph",
    "Keys",
    "Step",
    "Table",
    "Tensor",
    "apply",
    "as_estimator",
    "concat",
    "convert",
    "converter",
    "explain",
    "refuse",
    "registered",
    "stack",
    "transform",
    "where",
]
