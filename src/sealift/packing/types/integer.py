"""Whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sealift.contract.scalars import MAX_SAFE_INTEGER
from sealift.packing.types.base import Ordering
from sealift.packing.types.number import NumberPacking


class IntegerPacking(NumberPacking):
    """int64."""

    is_discrete = True

    def __init__(self) -> None:
        super().__init__()
        self.ordering = Ordering(whole=True)

    def value(self, number: float) -> Any:
        """The nearest integer within ±(2**53 − 1)."""
        return max(-MAX_SAFE_INTEGER, min(MAX_SAFE_INTEGER, round(number)))

    def typical(self, middle: float) -> Any:
        """The median, truncated."""
        return int(middle)

    def categories(self, known: Sequence[Any]) -> tuple[Any, ...]:
        """The whole numbers."""
        return tuple(int(value) for value in super().categories(known) if value == int(value))

    def extremes(self, low: float, width: float, far: Sequence[float]) -> list[Any]:
        """Small numbers, and numbers far outside the observed range."""
        del low, width
        return [0, -1, 1, *(round(value) for value in far if abs(value) < MAX_SAFE_INTEGER)]

    def around_threshold(self, pair: Sequence[float]) -> list[Any]:
        """The pair."""
        return [int(value) for value in pair]

    def category(self, key: Any) -> Any:
        """The integer that a string represents."""
        return int(key) if isinstance(key, str) else key


INT64 = IntegerPacking()
