"""One tensor that feeds the graph (spec/CONTRACT.md §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Tensor:
    """One tensor that feeds the graph.

    Attributes:
        name: the name of the graph's input.
        dtype: the type of its elements.
        shape: its dimensions: a number where the size is fixed, else a name. Dimensions of one name have one size in a
            run of the graph; `rows` is the number of rows.
        fields: the inputs that it is made of, by index; of a tensor without stage a column for each.
        stage: the number of the text stage that makes it.
    """

    name: str
    dtype: Literal["float64", "string", "bool", "int64"]
    shape: tuple[int | str, ...]
    fields: tuple[int, ...]
    stage: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The tensor as `contract.json` holds it."""
        found: dict[str, Any] = {"name": self.name, "dtype": self.dtype}
        found |= {"shape": list(self.shape), "fields": list(self.fields)}
        return found if self.stage is None else found | {"stage": self.stage}
