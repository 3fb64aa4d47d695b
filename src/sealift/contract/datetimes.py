"""Dates and times: ISO 8601 local text, and whole microseconds since 1970-01-01T00:00:00 (spec/CONTRACT.md §2).

The calendar is the proleptic Gregorian one of the years 1 to 9999, without leap seconds and without time zones.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

TIMES = ("date", "datetime")
DAY = 86_400_000_000
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""Microseconds of 0001-01-01 and of the last one of 9999-12-31."""

_Micros: TypeAlias = npt.NDArray[np.int64]
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?)?")
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_PLAIN = re.compile(rf"(?:(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T{_CLOCK})?|NaT)\n)*+")
_ZONE = re.compile(r"(Z|[+-][0-9]{2}(:?[0-9]{2})?|[A-Z]{3,4})")
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_NAT = np.iinfo(np.int64).min
# How many of NumPy's units make a microsecond, or the other way round.
_COARSE = {"D": DAY, "h": DAY // 24, "m": 60_000_000, "s": 1_000_000, "ms": 1000, "us": 1, "W": 7 * DAY}
_FINE = {"ns": 1000, "ps": 10**6, "fs": 10**9, "as": 10**12}


def micros_of(value: object, dtype: str) -> int | None:
    """Microseconds of a text, a date or a time of Python's, NumPy's or pandas'; None for what `dtype` does not hold.

    What float64 cannot say exactly is none: it holds whole seconds of every year, and single microseconds from 1685
    to 2255.
    """
    found = _micros(value)
    if found is None or not FIRST <= found <= LAST or int(float(found)) != found:
        return None
    return found if dtype == "datetime" or found % DAY == 0 else None


def text_of(micros: float, dtype: str) -> str:
    """The one spelling that is written: `2024-03-01`, `2024-03-01T12:30:00`, `2024-03-01T12:30:00.5`."""
    days, rest = divmod(int(micros), DAY)
    date = datetime.date.fromordinal(days + _EPOCH).isoformat()
    if dtype == "date":
        return date
    seconds, fraction = divmod(rest, 1_000_000)
    tail = f".{fraction:06d}".rstrip("0") if fraction else ""
    return f"{date}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{tail}"


def column_micros(column: Sequence[Any] | npt.NDArray[Any]) -> tuple[_Micros, npt.NDArray[np.bool_]] | None:
    """A column without a flaw all at once: microseconds and where one is missing; None where each must be read."""
    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        return array_micros(column)
    if not isinstance(column, list) or not all(type(value) is str or value is None for value in column):
        return None
    # NumPy reads more than the contract permits, and far faster than one text after the other.
    texts = ["NaT" if value is None else value for value in column]
    joined = "\n".join(texts) + "\n"
    if joined.count("\n") != len(texts) or not _PLAIN.fullmatch(joined) or texts.count("NaT") != column.count(None):
        return None
    try:
        return array_micros(np.array(texts, dtype="datetime64[us]"))
    except ValueError:  # 30 February
        return None


def array_micros(array: npt.NDArray[Any]) -> tuple[_Micros, npt.NDArray[np.bool_]] | None:
    """NumPy's datetime64 (N,) likewise; None where a value is no whole microsecond of the years 1 to 9999."""
    unit, many = np.datetime_data(array.dtype)
    missing = np.isnat(array)
    counts = np.where(missing, 0, array.astype(np.int64)) if unit not in ("Y", "M") else None
    if counts is None:
        found = np.where(missing, 0, array.astype("datetime64[s]").astype(np.int64)) * 1_000_000
    elif unit in _FINE:
        if (counts * many % _FINE[unit]).any():
            return None
        found = counts * many // _FINE[unit]
    else:
        scale = _COARSE[unit] * many
        if ((counts > LAST // scale) | (counts < FIRST // scale)).any():
            return None
        found = counts * scale
    wrong = (found < FIRST) | (found > LAST) | (found.astype(np.float64).astype(np.int64) != found)
    return None if wrong.any() else (found, missing)


def hint(value: object) -> str:
    """What more to say of a value that was refused, with a space before it; may be empty."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return (
            ' Time zones are not carried: bring the column to one zone and leave it out, .dt.tz_convert("UTC")'
            ".dt.tz_localize(None)."
        )
    if not isinstance(value, str):
        return ""
    date, space, time = value.strip().partition(" ")
    if space and _ISO.fullmatch(f"{date}T{time}"):
        return " Between date and time stands a T."
    found = re.match(_ISO, value.strip().replace(" ", "T"))
    rest = value.strip()[found.end() :].strip() if found else ""
    if found and _ZONE.fullmatch(rest):
        return " Time zones are not carried: give the local time without one."
    return ""


def _micros(value: object) -> int | None:
    if isinstance(value, str):
        return _parsed(value)
    if isinstance(value, datetime.datetime):  # pandas' Timestamp too, which may have nanoseconds
        if value.tzinfo is not None or int(getattr(value, "nanosecond", 0)):
            return None
        return _composed(value.date(), value.hour, value.minute, value.second, value.microsecond)
    if isinstance(value, datetime.date):
        return _composed(value)
    if isinstance(value, np.datetime64):
        found = array_micros(np.array([value]))
        return None if found is None or found[1][0] else int(found[0][0])
    return None


def _parsed(text: str) -> int | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    if hour > 23 or minute > 59 or second > 59:
        return None
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        return None
    return _composed(date, hour, minute, second, int((match[7] or "").ljust(6, "0")))


def _composed(date: datetime.date, hour: int = 0, minute: int = 0, second: int = 0, fraction: int = 0) -> int:
    return (date.toordinal() - _EPOCH) * DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
