"""Numbers: extreme values, doubles near float32 values, and values between the quantiles."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import Field
from sealift.packing.inputs.columns import as_numbers
from sealift.packing.inputs.number_values import NumberValues
from sealift.packing.types.base import Ordering, TypePacking
from sealift.stats import Numbers, Sketch, sketch_numbers

_FEW = 5  # categories; with more, drawn numbers between them are plausible
_LARGEST_SINGLE = float(np.finfo(np.float32).max)


class NumberPacking(TypePacking):
    """float64, or float32 if `single`."""

    may_have_choices = True

    def __init__(self, *, single: bool = False) -> None:
        self.ordering = Ordering(single=single)
        self.single = single

    def value(self, number: float) -> Any:
        """A number as a value of this type."""
        return float(np.float32(number)) if self.single else float(number)

    def unseen(self, field: Field) -> Any:
        """One more than the largest category."""
        return max((float(value) for value in field.categories or ()), default=0.0) + 1.0

    def sketch(self, values: Sequence[Any]) -> Sketch:
        """Quantiles."""
        return sketch_numbers(as_numbers(values))

    def described(self, field: Field, sketch: Sketch, known: Sequence[Any] | None) -> Field:
        """Rounded bounds and the median."""
        assert isinstance(sketch, Numbers)
        centre = None if sketch.typical is None else self.typical(sketch.typical)
        categories = tuple(map(plain, known)) if known else None
        return dataclasses.replace(field, observed=sketch.bounds, typical=centre, categories=categories)

    def typical(self, middle: float) -> Any:
        """The median as a typical value."""
        return middle

    def categories(self, known: Sequence[Any]) -> tuple[Any, ...]:
        """The finite numbers that this type represents exactly."""
        numbers = [float(value) for value in known if not isinstance(value, str) and math.isfinite(value)]
        return tuple(value for value in numbers if not self.single or value == float(np.float32(value)))

    def edges(self, field: Field, sketch: Sketch, few: int) -> Mapping[str, Sequence[Any]]:
        """Zeros, numbers far outside the observed range, tiny numbers, and a number near its float32 neighbour."""
        del field
        if not isinstance(sketch, Numbers):
            return {}
        low, high = sketch.bounds or (0.0, 1.0)
        width = high - low or abs(high) or 1.0
        far = (low - width, high + width, low - 10 * width, high + 10 * width)
        return {"extremes": self.extremes(low, width, far)[: 3 * few]}

    def extremes(self, low: float, width: float, far: Sequence[float]) -> list[Any]:
        """The edge cases; `far` are numbers outside the observed range, which begins at `low`."""
        third = low + width / 3
        single = float(np.float32(third)) if abs(third) < _LARGEST_SINGLE else third
        return [0.0, -0.0, *far, third, single, math.nextafter(third, math.inf), 5e-324, -1e-12]

    def fitted(self, field: Field, drawn: Sequence[Any]) -> list[Any]:
        """Within the range; rounded to the nearest category if the field has few of them, such as 0 and 1."""
        low, high = field.limits("range") or (None, None)
        few = self.few(field)
        result: list[Any] = []
        for given in drawn:
            value = given
            if few and given is not None:
                value = min(few, key=lambda known: abs(float(known) - float(given)))
            if value is None and field.missing == "refused":
                value = field.typical if field.typical is not None else (field.categories or [None])[0]
                value = 0.0 if value is None else value
            if value is not None:
                value = max(value, low) if low is not None else value
                value = min(value, high) if high is not None else value
                value = self.value(value)
            result.append(value)
        return result

    def few(self, field: Field) -> Sequence[Any]:
        """The categories, if they are few."""
        return field.categories or () if len(field.categories or ()) <= _FEW else ()

    def column(self, values: Sequence[Any]) -> Any:
        """As an array, which is validated faster, and which `encode` copies."""
        return values.array if isinstance(values, NumberValues) else as_numbers(values)

    def around_threshold(self, pair: Sequence[float]) -> list[Any]:
        """The pair; for float64 also the adjacent float32 values."""
        if self.single or abs(pair[0]) > _LARGEST_SINGLE:
            return list(pair)
        near = np.float32(pair[0])
        return [*pair, *(float(np.nextafter(near, np.float32(end))) for end in (-np.inf, np.inf)), float(near)]

    def category(self, key: Any) -> Any:
        """The number that a string represents."""
        return self.value(float(key)) if isinstance(key, str) else key


def plain(value: Any) -> Any:
    """A NumPy scalar as a Python object."""
    return value.item() if isinstance(value, np.generic) else value


FLOAT64 = NumberPacking()
FLOAT32 = NumberPacking(single=True)
