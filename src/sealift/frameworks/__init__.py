"""Libraries of models: their protocols (`base`), and the conversion of models to graphs (`registry`, `conversion`)."""

from sealift.frameworks.base import ArrayInput, Framework, Learned, RowFormat, Source, Step, Trust
from sealift.frameworks.conversion import Conversion, convert
from sealift.frameworks.dict_keys import Keys
from sealift.frameworks.discovery import frameworks, source_of
from sealift.frameworks.named_outputs import contract_name
from sealift.frameworks.registry import apply, converter, explain, registered, transform
from sealift.graph.builder import Graph, Tensor, concat, stack, where
from sealift.graph.step import NamedOutput, StepOutput, refuse
from sealift.graph.table import Block, Table

__all__ = [
    "ArrayInput",
    "Block",
    "Conversion",
    "Framework",
    "Graph",
    "Keys",
    "Learned",
    "NamedOutput",
    "RowFormat",
    "Source",
    "Step",
    "StepOutput",
    "Table",
    "Tensor",
    "Trust",
    "apply",
    "concat",
    "contract_name",
    "convert",
    "converter",
    "explain",
    "frameworks",
    "refuse",
    "registered",
    "source_of",
    "stack",
    "transform",
    "where",
]
