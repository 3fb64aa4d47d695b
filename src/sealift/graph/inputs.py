"""The inputs of a graph: columns of the contract's fields, and what text stages compute before the graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from sealift.contract import Stage
from sealift.graph.tensor import Builder, Tensor


@dataclass(frozen=True)
class InputField:
    """The field that a column of an input belongs to.

    Attributes:
        name: the field's name.
        index: its place among the fields that are fed.
        arrow: whether Arrow holds its strings in the original's rows.
        seen: where to look up the distinct values of the caller's rows, by field name.
    """

    name: str
    index: int
    arrow: bool = False
    seen: Mapping[str, Collection[Any]] | None = None

    def values(self) -> tuple[Any, ...]:
        """The distinct values of the caller's rows; none where they are not known."""
        return () if self.seen is None else tuple(self.seen.get(self.name, ()))


class FieldTensor(Tensor):
    """An input (N, width) whose columns are fields."""

    def __init__(self, graph: Builder, name: str, dtype: str, fields: Sequence[InputField]) -> None:
        super().__init__(graph, name, dtype, (None, len(fields)))
        self.fields = tuple(fields)


class ArrayTensor(FieldTensor):
    """An input (N, ...) that holds one array of a field for each row."""

    def __init__(self, graph: Builder, name: str, shape: Sequence[int | str], field: InputField) -> None:
        super().__init__(graph, name, "float64", (field,))
        self.shape = (None, *(size if isinstance(size, int) else None for size in shape))

    def columns(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """The input itself, which is one column of a table, whatever the shape of its arrays."""
        del indices
        return self

    def only(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """Likewise."""
        return self.columns(indices)


class StagedColumn(FieldTensor):
    """A column whose values only a stage reads; it is no input of the graph."""

    def __init__(self, graph: Builder, field: InputField) -> None:
        super().__init__(graph, "", "object", (field,))


class StageTensor(Tensor):
    """An input that a stage computes, such as (N, L) for the columns that each string fills, or how often."""

    def __init__(
        self,
        graph: Builder,
        name: str,
        dtype: str,
        stage: Stage,
        shape: Sequence[int | str] = ("length",),
        *,
        locates: bool = False,
    ) -> None:
        super().__init__(graph, name, dtype, (None, *(size if isinstance(size, int) else None for size in shape)))
        self.stage = stage
        self.locates = locates

    def columns(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """Columns of a matrix of fixed width; another array is one column of a table."""
        return super().columns(indices) if len(self.shape) == 2 and self.shape[1] is not None else self


def field_of(column: Tensor) -> InputField | None:
    """The field whose values a column (N, 1) holds unchanged; None for a computed column."""
    source, picked = column.origin
    return source.fields[picked[0]] if isinstance(source, FieldTensor) and len(picked) == 1 else None


def stage_tensors(graph: Builder, stage: Stage) -> tuple[Tensor, ...]:
    """The inputs of a stage, in the order of the outputs of its kind; a stage is declared once."""
    stages = stages_of(graph)
    if stage in stages:
        return tuple(tensor for tensor in graph.inputs if isinstance(tensor, StageTensor) and tensor.stage == stage)
    made = [
        StageTensor(graph, f"{output.name}{len(stages)}", output.dtype, stage, output.shape, locates=output.locates)
        for output in stage.type.outputs_of(stage.spec)
    ]
    graph.inputs += made
    return tuple(made)


def stages_of(graph: Builder) -> tuple[Stage, ...]:
    """The stages that feed the graph, in the order of their inputs."""
    stages: list[Stage] = []
    for tensor in graph.inputs:
        if isinstance(tensor, StageTensor) and (not stages or tensor.stage is not stages[-1]):
            stages.append(tensor.stage)
    return tuple(stages)


def text_fields(graph: Builder) -> tuple[int, ...]:
    """For each column of the input `text`, the index of its field."""
    inputs = (tensor for tensor in graph.inputs if isinstance(tensor, FieldTensor) and tensor.dtype == "object")
    return tuple(field.index for tensor in inputs for field in tensor.fields)
