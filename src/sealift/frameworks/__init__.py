"""Trained object → ONNX graph. One function converts one estimator; see `docs/fidelity.md` to add your own."""

from sealift.frameworks.conversion import Conversion, convert
from sealift.frameworks.registry import apply, as_estimator, converter, explain, registered, transform
from sealift.frameworks.sklearn.dict_keys import Keys
from sealift.graph.builder import Graph, Tensor, concat, stack, where
from sealift.graph.step import Step, StepOutput, refuse
from sealift.graph.table import Block, Table

__all__ = [
    "Block",
    "Conversion",
    "Graph",
    "Keys",
    "Step",
    "StepOutput",
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
