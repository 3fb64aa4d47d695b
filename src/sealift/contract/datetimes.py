"""Dates and times: local ISO 8601 strings, and whole microseconds since 1970-01-01T00:00:00 (spec/CONTRACT.md §2).

The calendar is the proleptic Gregorian calendar of the years 1 to 9999, without leap seconds and time zones.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:  # imported where it is used, because a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt

    _Micros: TypeAlias = npt.NDArray[np.int64]

TIMES = ("date", "datetime")
DAY = 86_400_000_000
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The first microsecond of 0001-01-01 and the last of 9999-12-31."""

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?)?")
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_EXACT = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T{_CLOCK})?")
_PLAIN = re.compile(rf"(?:(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T{_CLOCK})?|NaT)\n)*+")
_SPELLED = re.compile(r".{10}T.{8}(?:\..{0,5}[1-9])?")
_DAY_LENGTH = len("2024-03-01")
_ZONE = re.compile(r"(Z|[+-][0-9]{2}(:?[0-9]{2})?|[A-Z]{3,4})")
_START = datetime.datetime(1970, 1, 1)
_EPOCH = _START.toordinal()
# Microseconds in one of NumPy's coarser units, and NumPy's finer units in a microsecond.
_COARSE = {"D": DAY, "h": DAY // 24, "m": 60_000_000, "s": 1_000_000, "ms": 1000, "us": 1, "W": 7 * DAY}
_FINE = {"ns": 1000, "ps": 10**6, "fs": 10**9, "as": 10**12}


def micros_of(value: object, dtype: str) -> int | None:
    """Microseconds of a string, or of a date or time of Python, NumPy or pandas; None where it is not of `dtype`.

    Also None where float64 is not exact: it holds whole seconds of every year, and single microseconds from 1685 to
    2255.
    """
    micros = _micros(value)
    if micros is None or not FIRST <= micros <= LAST or int(float(micros)) != micros:
        return None
    return micros if dtype == "datetime" or micros % DAY == 0 else None


def is_spelled(value: object, dtype: str) -> bool:
    """Whether a value that `micros_of` reads is spelled as `text_of` spells it."""
    return type(value) is str and (len(value) == _DAY_LENGTH if dtype == "date" else bool(_SPELLED.fullmatch(value)))


def text_of(micros: float, dtype: str) -> str:
    """The canonical form: `2024-03-01`, `2024-03-01T12:30:00`, `2024-03-01T12:30:00.5`."""
    moment = _START + datetime.timedelta(microseconds=int(micros))
    text = moment.date().isoformat() if dtype == "date" else moment.isoformat()
    return text.rstrip("0") if dtype == "datetime" and moment.microsecond else text


def column_micros(column: Sequence[Any] | npt.NDArray[Any]) -> tuple[_Micros, npt.NDArray[np.bool_]] | None:
    """Microseconds (N,) and a mask of missing values (N,); None where the values must be read one by one."""
    import numpy as np

    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        return array_micros(column)
    if not isinstance(column, list) or not all(type(value) is str or value is None for value in column):
        return None
    # NumPy is far faster than one string after the other, but accepts more than the contract permits.
    strings = ["NaT" if value is None else value for value in column]
    joined = "\n".join(strings) + "\n"
    if joined.count("\n") != len(strings) or not _PLAIN.fullmatch(joined) or strings.count("NaT") != column.count(None):
        return None
    try:
        return array_micros(np.array(strings, dtype="datetime64[us]"))
    except ValueError:  # 30 February
        return None


def array_micros(array: npt.NDArray[Any]) -> tuple[_Micros, npt.NDArray[np.bool_]] | None:
    """The same for a datetime64 array (N,); None where a value is not a whole microsecond of the years 1 to 9999."""
    import numpy as np

    unit, many = np.datetime_data(array.dtype)
    missing = np.isnat(array)
    if unit == "generic":  # has no values but NaT
        return np.zeros(len(array), dtype=np.int64), missing
    counts = np.where(missing, 0, array.astype(np.int64)) if unit not in ("Y", "M") else None
    if counts is None:
        micros = np.where(missing, 0, array.astype("datetime64[s]").astype(np.int64)) * 1_000_000
    elif unit in _FINE:
        if (counts * many % _FINE[unit]).any():
            return None
        micros = counts * many // _FINE[unit]
    else:
        scale = _COARSE[unit] * many
        if ((counts > LAST // scale) | (counts < FIRST // scale)).any():
            return None
        micros = counts * scale
    wrong = (micros < FIRST) | (micros > LAST) | (micros.astype(np.float64).astype(np.int64) != micros)
    return None if wrong.any() else (micros, missing)


def hint(value: object) -> str:
    """Advice about a refused value for the end of its message, with a leading space; may be empty."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return (
            ' Time zones are not supported: convert the column to one zone and remove it, .dt.tz_convert("UTC")'
            ".dt.tz_localize(None)."
        )
    if not isinstance(value, str):
        return ""
    date, space, time = value.strip().partition(" ")
    if space and _ISO.fullmatch(f"{date}T{time}"):
        return " Write a T between date and time."
    match = re.match(_ISO, value.strip().replace(" ", "T"))
    rest = value.strip()[match.end() :].strip() if match else ""
    if match and _ZONE.fullmatch(rest):
        return " Time zones are not supported: give the local time without one."
    return ""


def _micros(value: object) -> int | None:
    if isinstance(value, str):
        return _parsed(value)
    if isinstance(value, datetime.datetime):  # also pandas.Timestamp, which may have nanoseconds
        if value.tzinfo is not None or int(getattr(value, "nanosecond", 0)):
            return None
        return _composed(value.date(), value.hour, value.minute, value.second, value.microsecond)
    if isinstance(value, datetime.date):
        return _composed(value)
    if type(value).__name__ == "datetime64":
        import numpy as np

        converted = array_micros(np.array([value]))
        return None if converted is None or converted[1][0] else int(converted[0][0])
    return None


@lru_cache(64)  # a bound of a field is parsed several times
def _parsed(text: str) -> int | None:
    if _EXACT.fullmatch(text) is None:
        return None
    try:
        since = datetime.datetime.fromisoformat(text) - _START
    except ValueError:  # 30 February
        return None
    return since.days * DAY + since.seconds * 1_000_000 + since.microseconds


def _composed(date: datetime.date, hour: int = 0, minute: int = 0, second: int = 0, fraction: int = 0) -> int:
    return (date.toordinal() - _EPOCH) * DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
