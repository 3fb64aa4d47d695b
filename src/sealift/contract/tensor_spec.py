"""The name, dtype and shape of a tensor that feeds the graph (spec/CONTRACT.md §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class TensorSpec:
    """A tensor that feeds the graph.

    Attributes:
        name: the name of the graph's input.
        dtype: the type of its elements.
        shape: its dimensions: a number where the size is fixed, else a name. Dimensions with the same name have the
            same size in a run of the graph; `rows` is the number of rows.
        fields: the indices of the inputs it is computed from; without a stage, each of them is a column.
        stage: the index of the stage that computes it.
    """

    name: str
    dtype: Literal["float64", "float32", "string", "bool", "int64"]
    shape: tuple[int | str, ...]
    fields: tuple[int, ...]
    stage: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The tensor as `contract.json` holds it."""
        entry: dict[str, Any] = {"name": self.name, "dtype": self.dtype}
        entry |= {"shape": list(self.shape), "fields": list(self.fields)}
        return entry if self.stage is None else entry | {"stage": self.stage}
