"""Arrays: arrays of plausible elements, and constant arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import Field
from sealift.packing.inputs.array_values import ArrayValue, stacked
from sealift.packing.types.base import TypePacking
from sealift.stats import Arrays, Sketch, sketch_arrays


class ArrayPacking(TypePacking):
    """tensor[…]. Elements are summarised and drawn independently of their position."""

    def unseen(self, field: Field) -> Any:
        """None: an array has no categories."""
        del field

    def sketch(self, values: Sequence[Any]) -> Sketch:
        """The shape, and a summary of one element of each array."""
        present = [value.array for value in values if value is not None]
        return sketch_arrays(present, len(values))

    def described(self, field: Field, sketch: Sketch, known: Sequence[Any] | None) -> Field:
        """Unchanged: the dtype contains the shape."""
        del sketch, known
        return field

    def categories(self, known: Sequence[Any]) -> tuple[Any, ...]:
        """None."""
        del known
        return ()

    def edges(self, field: Field, sketch: Sketch, few: int) -> Mapping[str, Sequence[Any]]:
        """Constant arrays, within and outside the observed range, and one that alternates between two numbers."""
        del field
        if not isinstance(sketch, Arrays):
            return {}
        low, high = sketch.elements.bounds or (-1.0, 1.0)
        width = high - low or abs(high) or 1.0
        arrays = [np.full(sketch.size, value) for value in (0.0, low, high, low - width, high + width)]
        arrays.append(np.where(np.arange(sketch.size) % 2, low, high))
        return {"extremes": [ArrayValue(sketch.array(array)) for array in arrays[: 3 * few]]}

    def fitted(self, field: Field, drawn: Sequence[Any]) -> list[Any]:
        """As drawn; zeros for a missing array, if the field refuses missing values."""
        usual = next((value for value in drawn if value is not None), np.zeros(1))
        absent = None if field.missing == "allowed" else ArrayValue(np.zeros_like(usual))
        return [absent if value is None else ArrayValue(value) for value in drawn]

    def column(self, values: Sequence[Any]) -> Any:
        """One array if no value is missing, else a list."""
        if not len(values) or any(value is None for value in values):
            return [None if value is None else value.array for value in values]
        return stacked(values, values[0].array.shape)

    def as_json(self, value: Any) -> Any:
        """Nested lists."""
        return None if value is None else value.array.tolist()


ARRAY = ArrayPacking()
