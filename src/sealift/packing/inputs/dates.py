"""Columns of dates in the caller's own form: microseconds back to the dtype and unit that the model was given."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.contract import Field
from sealift.contract.datetimes import DAY, micros_of, text_of
from sealift.packing.inputs.columns import Column, Values, as_numbers

_UNITS = ("D", "s", "ms", "us", "ns")
_SCALE = {"D": 86_400_000_000, "s": 1_000_000, "ms": 1000, "us": 1}
_SECONDS = 86_400
_EDGES = (
    *("1899-12-31", "1900-01-01", "1900-02-28", "1900-03-01", "1969-12-31", "1970-01-01", "1999-12-31", "2000-02-28"),
    *("2000-02-29", "2000-03-01", "2000-12-31", "2015-12-31", "2016-01-03", "2016-02-29", "2020-12-31", "2021-01-03"),
    *("2021-01-04", "2023-02-28", "2023-03-31", "2023-04-01", "2024-02-29", "2024-04-30", "2024-12-29", "2024-12-30"),
    *("2024-12-31", "2025-01-01", "2026-12-31", "2027-01-01", "2100-02-28", "2100-03-01", "1677-10-01", "2261-12-31"),
)
_CLOCK = ("23:59:59", "00:00:00", "00:00:01", "11:59:59", "12:00:00", "12:30:00", "00:59:59", "01:00:00")
_FAR = (2**63 - 1) // 1000  # microseconds that nanoseconds can say


def as_datetimes(values: Values, kind: Any) -> Any:
    """Microseconds as NumPy's datetime64 (N,) of `kind`; of another unit where a value does not fit it."""
    given = as_numbers(values)
    missing = np.isnan(given)
    micros = np.where(missing, 0, given).astype(np.int64)
    unit, many = np.datetime_data(kind)
    if many != 1 or unit not in _UNITS:
        unit = "us"
    if unit == "ns" and (np.abs(micros) > _FAR).any():
        unit = "us"
    while unit in _SCALE and (micros % _SCALE[unit]).any():
        unit = _UNITS[_UNITS.index(unit) + 1]
    counts = micros * 1000 if unit == "ns" else micros // _SCALE[unit]
    found = counts.astype(f"datetime64[{unit}]")
    found[missing] = np.datetime64("NaT")
    return found


def as_objects(values: Values, kind: type, null: Any) -> list[Any]:
    """Microseconds as objects of `kind`: dates, datetimes, pandas' Timestamp or NumPy's datetime64."""
    return [null if value is None or math.isnan(float(value)) else _object(float(value), kind) for value in values]


def _object(value: float, kind: type) -> Any:
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=int(value))
    if kind is datetime.date:
        return when.date() if when.time() == datetime.time() else when
    if kind is datetime.datetime:
        return when
    return kind(when)


def edges(field: Field, bounds: tuple[float, float] | None) -> list[float]:
    """Microseconds of days and times where calendars go wrong: leap days, ends of months and years, ISO years, 1970."""
    found = list(_EDGES)
    low, high = bounds or (19_723.0, 20_089.0)  # days of 2024
    days = [low - 1, high + 1, low - 366, high + 366]
    kept = [text_of(day * DAY, "date") for day in days if -600_000 < day < 2_900_000]
    if field.dtype == "datetime":
        found = [f"{day}T{_CLOCK[i % len(_CLOCK)]}" for i, day in enumerate([*found, *kept])]
        found += [f"2024-02-29T{clock}" for clock in _CLOCK]
    else:
        found += kept
    return [float(value) for text in found if (value := micros_of(text, field.dtype)) is not None]


def fitted(field: Field, days: Values) -> list[float | None]:
    """Days as drawn from a summary to microseconds in the field's range; of times, with a time of day by turns.

    Summaries know whole days only, so that nobody's minute is in them.
    """
    low, high = field.limits("range") or (None, None)
    usual = None if field.typical is None else float(micros_of(field.typical, field.dtype) or 0)
    found: list[float | None] = []
    for turn, day in enumerate(days):
        if day is None:
            found.append((usual or 0.0) if field.missing == "refused" else None)
            continue
        value = float(round(float(day))) * DAY
        if field.dtype == "datetime":
            value += turn * 7_919 % _SECONDS * 1_000_000
        value = max(value, low) if low is not None else value
        found.append(min(value, high) if high is not None else value)
    return found


def in_words(fields: Sequence[Field], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows of plain values as JSON holds them: dates as texts."""
    times = [i for i, field in enumerate(fields) if field.is_time]
    found = [list(row) for row in rows]
    for row in found:
        for i in times:
            row[i] = None if row[i] is None else text_of(row[i], fields[i].dtype)
    return found


def is_time(column: Column) -> bool:
    """Whether it is a column of dates."""
    return column.dtype in ("date", "datetime")
