"""`column.dt`: the parts of dates and timedeltas, named as in pandas."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from sealift.contract.datetimes import DAY
from sealift.graph.tensor import Tensor, where
from sealift.tracing.calendar import HOUR, MINUTE, SECOND, Calendar, floored, quotient, rest
from sealift.tracing.datetimes import DATETIME_ACCESSOR, Datetimes
from sealift.tracing.series import Series
from sealift.tracing.time_units import as_float, unit_of
from sealift.tracing.unsupported import UnsupportedOperation

_NUMBERS: dict[str, Callable[[Calendar], Tensor]] = {
    "year": lambda c: c.year(),
    "month": lambda c: c.month(),
    "day": lambda c: c.day(),
    "hour": lambda c: c.clock(HOUR, DAY),
    "minute": lambda c: c.clock(MINUTE, HOUR),
    "second": lambda c: c.clock(SECOND, MINUTE),
    "microsecond": lambda c: rest(c.of_day(), SECOND),
    "nanosecond": lambda c: c.days() * 0,
    "dayofweek": lambda c: c.weekday(),
    "day_of_week": lambda c: c.weekday(),
    "weekday": lambda c: c.weekday(),
    "dayofyear": lambda c: c.day_of_year(),
    "day_of_year": lambda c: c.day_of_year(),
    "quarter": lambda c: c.quarter(),
    "days_in_month": lambda c: c.days_in_month(),
    "daysinmonth": lambda c: c.days_in_month(),
}
_FLAGS: dict[str, Callable[[Calendar], Tensor]] = {
    "is_leap_year": lambda c: c.is_leap(),
    "is_month_start": lambda c: c.day().equals(1),
    "is_month_end": lambda c: c.day().equals(c.days_in_month()),
    "is_quarter_start": lambda c: c.day().equals(1) & rest(c.month(), 3).equals(1),
    "is_quarter_end": lambda c: c.day().equals(c.days_in_month()) & rest(c.month(), 3).equals(0),
    "is_year_start": lambda c: c.day().equals(1) & c.month().equals(1),
    "is_year_end": lambda c: c.day().equals(31) & c.month().equals(12),
}
_TIMEDELTA_PARTS: dict[str, Callable[[Tensor], Tensor]] = {
    "days": lambda x: quotient(x, DAY),
    "seconds": lambda x: quotient(rest(x, DAY), SECOND),
    "microseconds": lambda x: rest(x, SECOND),
    "nanoseconds": lambda x: rest(x, 1),
}
_MONTHS = "January February March April May June July August September October November December"
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_FLOORS = {"D": DAY, "d": DAY, "h": HOUR, "H": HOUR, "min": MINUTE, "T": MINUTE, "s": SECOND, "S": SECOND}
_ELSEWHERE = {
    "date": "Write .dt.normalize() for the date without its time; it is subtracted and compared as dates are.",
    "time": "Write .dt.hour + .dt.minute / 60 for the time of the day.",
    "tz_localize": "Bring dates to one zone before the model, in training too.",
    "tz_convert": "Bring dates to one zone before the model, in training too.",
    "strftime": "Take numbers instead of text: .dt.month, .dt.dayofweek.",
    "to_period": "Take numbers: .dt.year * 12 + .dt.month counts months.",
}


@cache
def _splits_seconds() -> bool:
    """Whether the installed pandas adds whole seconds and the rest (3.1), or divides the whole count; it is asked."""
    import pandas

    return bool(pandas.Series([np.timedelta64(-327, "ms")]).dt.total_seconds()[0] != -0.327)


class Parts:
    """`column.dt`."""

    def __init__(self, column: Datetimes) -> None:
        self._column = column
        self._calendar = Calendar(column.micros)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        column = self._column
        if column.kind.kind == "m":
            if name in _TIMEDELTA_PARTS:
                return column.numbers(_TIMEDELTA_PARTS[name](column.micros))
            if name == "total_seconds":
                return self._total_seconds
        elif name in _NUMBERS:
            return column.numbers(_NUMBERS[name](self._calendar))
        elif name in _FLAGS:
            return column.as_column(_FLAGS[name](self._calendar) & ~column.gaps)
        elif name in ("normalize", "floor"):
            return lambda freq="D", **_: self._floor(freq)
        elif name == "isocalendar":
            return lambda: _Weeks(column, self._calendar.iso())
        elif name in ("month_name", "day_name"):
            return lambda locale=None: self._names(name, locale)
        of = "timedeltas" if column.kind.kind == "m" else "dates"
        raise UnsupportedOperation(
            f"it uses .dt.{name} of {of}, which is not traced",
            _ELSEWHERE.get(name, "Use .dt.year, .month, .day, .hour, .dayofweek, .dayofyear, or differences."),
        )

    def _names(self, kind: str, locale: Any) -> Series:
        """English names, as pandas gives them unless it is asked for a locale."""
        if locale is not None:
            raise UnsupportedOperation("it names months or days in a locale", "Leave locale out, or take the number.")
        months = kind == "month_name"
        number = self._calendar.month() - 1 if months else self._calendar.weekday()
        names = np.array((_MONTHS if months else _DAYS).split(), dtype=object)
        return Series(number.take_from(names), self._column.name, self._column.gaps)

    def _floor(self, freq: Any) -> Datetimes:
        if freq not in _FLOORS:
            raise UnsupportedOperation(f"it rounds dates down to {freq!r:.40}", "Use 'D', 'h', 'min' or 's'.")
        return self._column.like(floored(self._column.micros, _FLOORS[freq]))

    def _total_seconds(self) -> Any:
        column = self._column
        unit = unit_of(column.kind)
        if _splits_seconds():
            whole = quotient(column.micros, SECOND).cast("float64")
            result = whole + rest(column.micros, SECOND).cast("float64") / 1e6
        else:
            result = as_float(column.micros, unit) / {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit]
        return column.as_column(where(column.gaps, np.nan, result))


class _Weeks:
    """`column.dt.isocalendar()`."""

    def __init__(self, column: Datetimes, parts: tuple[Tensor, Tensor, Tensor]) -> None:
        self._column = column
        self._parts = dict(zip(("year", "week", "day"), parts, strict=True))

    def __getitem__(self, name: str) -> Any:
        return self._column.numbers(self._parts[name])

    def __getattr__(self, name: str) -> Any:
        if name not in ("year", "week", "day"):
            raise UnsupportedOperation(f"it uses .{name} of isocalendar()", "Take .year, .week or .day of it.")
        return self[name]


DATETIME_ACCESSOR["dt"] = Parts
