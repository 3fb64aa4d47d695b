"""Convert microseconds back to the dtype and unit of the caller's date columns."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np

from sealift.packing.inputs.columns import Values, as_numbers

_UNITS = ("D", "s", "ms", "us", "ns")
_SCALE = {"D": 86_400_000_000, "s": 1_000_000, "ms": 1000, "us": 1}
_FAR = (2**63 - 1) // 1000  # microseconds that int64 nanoseconds can represent


def as_datetimes(values: Values, kind: Any) -> Any:
    """Microseconds as datetime64 (N,) of the dtype `kind`; in another unit if a value does not fit that."""
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
    times = counts.astype(f"datetime64[{unit}]")
    times[missing] = np.array("NaT", times.dtype)  # NumPy 2.5 warns of a NaT without a unit
    return times


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
