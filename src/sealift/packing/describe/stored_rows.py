"""Rows and answers as JSON members hold them, with large arrays in members of their own (spec/SEAL.md §6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift import canonical
from sealift.contract import Contract
from sealift.packing.inputs.array_values import ArrayValue
from sealift.packing.probes.probe_rows import Row
from sealift.packing.types import type_packing
from sealift.seal import arrays

_MOST_IN_JSON = 1 << 15  # numbers of one input or output; 64 rows of 512


@dataclass
class StoredMember:
    """A JSON member, and the members with its arrays."""

    name: str
    value: dict[str, Any]
    arrays: dict[str, bytes] = field(default_factory=dict)

    @property
    def members(self) -> dict[str, bytes]:
        """All of them by name."""
        return {self.name: canonical.dumps(self.value), **self.arrays}

    def add_rows(self, contract: Contract, rows: Sequence[Row]) -> None:
        """Add the keys `columns` and `rows`, and `arrays` where a column has many numbers."""
        columns: list[Sequence[Any]] = []
        references: dict[str, Any] = {}
        for at, item in enumerate(contract.inputs):
            values = [row[at] for row in rows]
            stacked = _stacked(values)
            if stacked is None:
                columns.append([type_packing(item.dtype).as_json(value) for value in values])
            else:
                references[item.name] = self._stored(stacked)
                numbers = iter(range(len(stacked)))
                columns.append([None if value is None else next(numbers) for value in values])
        self.value |= {
            "columns": [item.name for item in contract.inputs],
            "rows": [list(row) for row in zip(*columns, strict=True)],
        }
        if references:
            self.value["arrays"] = references

    def answer(self, array: npt.NDArray[Any]) -> Any:
        """The answers of an output: a list, or a reference to an array of many numbers."""
        storable = array.dtype == np.float64 or (array.ndim > 2 and array.dtype != np.object_)
        if array.size <= _MOST_IN_JSON or not storable:
            return array.tolist()
        return self._stored(np.ascontiguousarray(array, dtype=np.float64))

    def _stored(self, array: npt.NDArray[np.float64]) -> dict[str, Any]:
        reference, member = arrays.stored(array)
        self.arrays |= member
        return reference


def _stacked(values: Sequence[Any]) -> npt.NDArray[np.float64] | None:
    """The arrays (N, …) among values; None where they are few numbers, other values, or of different shapes."""
    present = [value.array for value in values if isinstance(value, ArrayValue)]
    if sum(array.size for array in present) <= _MOST_IN_JSON or len({array.shape for array in present}) > 1:
        return None
    return np.ascontiguousarray(np.stack(present), dtype=np.float64)
