"""Dates and times: days at which calendar computations often differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import Field
from sealift.contract.datetimes import DAY, micros_of, text_of
from sealift.packing.inputs.columns import as_numbers
from sealift.packing.inputs.dates import as_datetimes
from sealift.packing.types.base import Ordering, TypePacking
from sealift.stats import Numbers, Sketch, sketch_numbers

_SECONDS = 86_400
_EDGES = (
    *("1899-12-31", "1900-01-01", "1900-02-28", "1900-03-01", "1969-12-31", "1970-01-01", "1999-12-31", "2000-02-28"),
    *("2000-02-29", "2000-03-01", "2000-12-31", "2015-12-31", "2016-01-03", "2016-02-29", "2020-12-31", "2021-01-03"),
    *("2021-01-04", "2023-02-28", "2023-03-31", "2023-04-01", "2024-02-29", "2024-04-30", "2024-12-29", "2024-12-30"),
    *("2024-12-31", "2025-01-01", "2026-12-31", "2027-01-01", "2100-02-28", "2100-03-01", "1677-10-01", "2261-12-31"),
)
_CLOCK = ("23:59:59", "00:00:00", "00:00:01", "11:59:59", "12:00:00", "12:30:00", "00:59:59", "01:00:00")
_UNSEEN_DAY = 40_000  # in the year 2079


class TimePacking(TypePacking):
    """date and datetime. Thresholds are searched for in days, or in seconds for datetime, which all units represent."""

    def __init__(self, dtype: str, step: float) -> None:
        self.dtype = dtype
        self.ordering = Ordering(step, whole=True)

    def unseen(self, field: Field) -> Any:
        """A day of the year 2079."""
        del field
        return float(_UNSEEN_DAY * DAY)

    def sketch(self, values: Sequence[Any]) -> Sketch:
        """Quantiles of the days; the time of day is dropped, since it could identify a record."""
        return sketch_numbers(np.floor(as_numbers(values) / DAY))

    def described(self, field: Field, sketch: Sketch, known: Sequence[Any] | None) -> Field:
        """Rounded bounds and the median, as days."""
        del known
        assert isinstance(sketch, Numbers)
        usual = None if sketch.typical is None else text_of(round(sketch.typical) * DAY, self.dtype)
        if sketch.bounds is None:
            return dataclasses.replace(field, typical=usual)
        low, high = (text_of(round(day) * DAY, self.dtype) for day in sketch.bounds)
        return dataclasses.replace(field, observed=(low, high), typical=usual)

    def categories(self, known: Sequence[Any]) -> tuple[Any, ...]:
        """None: dates have no categories."""
        del known
        return ()

    def edges(self, field: Field, sketch: Sketch, few: int) -> Mapping[str, Sequence[Any]]:
        """Leap days, ends of months and years, ISO years, 1970."""
        return {"dates": _edges(field, sketch.bounds)[: 40 * few]} if isinstance(sketch, Numbers) else {}

    def fitted(self, field: Field, drawn: Sequence[Any]) -> list[Any]:
        """Days as microseconds within the field's range; for datetime with varying times of day."""
        low, high = field.limits("range") or (None, None)
        usual = None if field.typical is None else float(micros_of(field.typical, field.dtype) or 0)
        result: list[float | None] = []
        for turn, day in enumerate(drawn):
            if day is None:
                result.append((usual or 0.0) if field.missing == "refused" else None)
                continue
            value = float(round(float(day))) * DAY
            if not field.type.has_days:
                value += turn * 7_919 % _SECONDS * 1_000_000
            value = max(value, low) if low is not None else value
            result.append(min(value, high) if high is not None else value)
        return result

    def column(self, values: Sequence[Any]) -> Any:
        """As NumPy's datetime64."""
        return as_datetimes(values, np.dtype("M8[us]"))

    def as_json(self, value: Any) -> Any:
        """ISO 8601."""
        return None if value is None else text_of(value, self.dtype)


def _edges(field: Field, bounds: tuple[float, float] | None) -> list[float]:
    texts = list(_EDGES)
    low, high = bounds or (19_723.0, 20_089.0)  # days of 2024
    days = [low - 1, high + 1, low - 366, high + 366]
    kept = [text_of(day * DAY, "date") for day in days if -600_000 < day < 2_900_000]
    if not field.type.has_days:
        texts = [f"{day}T{_CLOCK[i % len(_CLOCK)]}" for i, day in enumerate([*texts, *kept])]
        texts += [f"2024-02-29T{clock}" for clock in _CLOCK]
    else:
        texts += kept
    return [float(value) for text in texts if (value := micros_of(text, field.dtype)) is not None]


DATE = TimePacking("date", float(DAY))
DATETIME = TimePacking("datetime", 1e6)
