"""`RowGenerator`: plausible rows, drawn from summaries of the caller's rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Column
from sealift.packing.inputs.number_values import NumberValues
from sealift.packing.probes.free_text import Words, fill
from sealift.packing.probes.probe_rows import Row, typed
from sealift.stats import Sketch, correlation, draw

_PLAUSIBLE, _CELLS = 400, 400_000


@dataclasses.dataclass(frozen=True)
class RowGenerator:
    """Sketches of the caller's columns, their rank correlation, and the words of fields of free text.

    Attributes:
        sketches: one for each input.
        correlation: the rank correlation of the columns; None if they are drawn independently.
        words: the words of each field of free text, by the field's index.
    """

    sketches: Sequence[Sketch]
    correlation: npt.NDArray[np.float64] | None
    words: Mapping[int, Words]

    @classmethod
    def of(cls, input_rows: InputRows, sketches: Sequence[Sketch], words: Mapping[int, Words]) -> RowGenerator:
        """The generator for rows with these sketches of their columns."""
        return cls(sketches, correlation([_as_numbers(column) for column in input_rows.columns]), words)

    @property
    def width(self) -> int:
        """The number of numbers and strings of a row."""
        return sum(sketch.size for sketch in self.sketches)

    def plausible(self, contract: Contract) -> list[Row]:
        """The plausible rows of a proof."""
        return self.draw(contract, few(_PLAUSIBLE, self.width, _CELLS), seed=0)

    def draw(self, contract: Contract, count: int, *, seed: int) -> list[Row]:
        """`count` rows that fit the contract's fields; the same ones for the same seed."""
        return fill(typed(contract, draw(self.sketches, self.correlation, count, seed=seed)), self.words, seed)


def few(most: int, width: int, cells: int = 200_000) -> int:
    """The number of rows of this width that are stored, so that they stay smaller than most models."""
    return max(8, min(most, cells // width))


def _as_numbers(column: Column) -> npt.NDArray[np.float64]:
    """A column as numbers for its ranks: strings by their position in sorted order; NaN for arrays."""
    values = column.values
    if column.type.axes or column.type.feeds == "stage":
        return np.full(len(values), np.nan)
    if isinstance(values, NumberValues):
        return np.asarray(values.array, dtype=np.float64)
    if any(isinstance(value, str) for value in values):
        order = {value: float(i) for i, value in enumerate(sorted({v for v in values if v is not None}))}
        return np.array([np.nan if v is None else order[v] for v in values])
    return np.array([np.nan if v is None else float(v) for v in values])
