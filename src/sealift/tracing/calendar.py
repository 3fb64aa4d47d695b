"""The calendar in the graph: whole microseconds since 1970 to years, months, days and their like, in exact int64.

Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (civil_from_days, days_from_civil), the proleptic
Gregorian calendar counted from 1 March of the year 0, so that a leap day is the last day of its year. ISO weeks by
ISO 8601-1:2019, 5.4: a week belongs to the year of its Thursday.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

from sealift.contract.datetimes import DAY
from sealift.graph.tensor import Tensor, where

SECOND = 1_000_000
MINUTE, HOUR, WEEK = 60 * SECOND, 3600 * SECOND, 7 * DAY
_ERA = 146_097
_Part = TypeVar("_Part")
_SHIFT = 719_468  # days from 0000-03-01 to 1970-01-01


def rest(value: Tensor, size: int) -> Tensor:
    """The remainder of a floor division by a positive whole number; ONNX's Mod takes the divisor's sign, as NumPy."""
    return value.op("Mod", value.lift(size))


def floored(value: Tensor, size: int) -> Tensor:
    """The largest multiple of `size` that is not above the value."""
    return value - rest(value, size)


def quotient(value: Tensor, size: int) -> Tensor:
    """Floor division; ONNX's Div cuts towards zero, so it is only given multiples."""
    return _div(floored(value, size), size)


def _div(value: Tensor, size: int) -> Tensor:
    return value.op("Div", value.lift(size))


def days_of(year: Tensor, month: int = 1) -> Tensor:
    """Days from 1970 to the first of a month of each year (days_from_civil)."""
    y = year - 1 if month <= 2 else year
    era = quotient(y, 400)
    of_era = y - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5
    return era * _ERA + of_era * 365 + _div(of_era, 4) - _div(of_era, 100) + (day_of_year - _SHIFT)


def _once(method: Callable[[Calendar], _Part]) -> Callable[[Calendar], _Part]:
    """Add the nodes of a part at the first call only."""

    @wraps(method)
    def part(self: Calendar) -> _Part:
        key = f"{method.__name__}()"
        if key not in self.__dict__:
            self.__dict__[key] = method(self)
        result: _Part = self.__dict__[key]
        return result

    return part


@dataclass(frozen=True)
class Calendar:
    """The parts of times, each an int64 or bool tensor of the same shape. `micros` holds no missing value."""

    micros: Tensor

    @_once
    def days(self) -> Tensor:
        """Days since 1970."""
        return quotient(self.micros, DAY)

    @_once
    def of_day(self) -> Tensor:
        """Microseconds since midnight."""
        return rest(self.micros, DAY)

    @_once
    def _civil(self) -> tuple[Tensor, Tensor, Tensor]:
        shifted = self.days() + _SHIFT
        era = quotient(shifted, _ERA)
        of_era = shifted - era * _ERA
        leap = of_era - _div(of_era, 1460) + _div(of_era, 36_524) - _div(of_era, 146_096)
        year_of_era = _div(leap, 365)
        of_year = of_era - (year_of_era * 365 + _div(year_of_era, 4) - _div(year_of_era, 100))
        moon = _div(of_year * 5 + 2, 153)
        day = of_year - _div(moon * 153 + 2, 5) + 1
        month = where(moon < 10, moon + 3, moon - 9)
        return year_of_era + era * 400 + (month <= 2).cast("int64"), month, day

    def year(self) -> Tensor:
        """1 to 9999."""
        return self._civil()[0]

    def month(self) -> Tensor:
        """1 to 12."""
        return self._civil()[1]

    def day(self) -> Tensor:
        """1 to 31."""
        return self._civil()[2]

    @_once
    def weekday(self) -> Tensor:
        """Monday 0 to Sunday 6; 1970 began on a Thursday."""
        return rest(self.days() + 3, 7)

    @_once
    def day_of_year(self) -> Tensor:
        """1 to 366."""
        return self.days() - days_of(self.year()) + 1

    def quarter(self) -> Tensor:
        """1 to 4."""
        return _div(self.month() + 2, 3)

    @_once
    def is_leap(self) -> Tensor:
        """Whether the year has a 29 February."""
        y = self.year()
        return rest(y, 4).equals(0) & (~rest(y, 100).equals(0) | rest(y, 400).equals(0))

    @_once
    def days_in_month(self) -> Tensor:
        """28 to 31; long ones are the odd months up to July and the even ones from August."""
        usual = rest(self.month() + _div(self.month(), 8), 2) + 30
        february = self.is_leap().cast("int64") + 28
        return where(self.month().equals(2), february, usual)

    @_once
    def iso(self) -> tuple[Tensor, Tensor, Tensor]:
        """ISO year, week and weekday (1 to 7)."""
        thursday = Calendar((self.days() - self.weekday() + 3) * DAY)
        return thursday.year(), _div(thursday.day_of_year() - 1, 7) + 1, self.weekday() + 1

    def months(self) -> Tensor:
        """Months since 1970-01."""
        return (self.year() - 1970) * 12 + (self.month() - 1)

    def clock(self, part: int, within: int) -> Tensor:
        """Hours of the day, minutes of the hour and so on: whole `part`s within `within`, both in microseconds."""
        return quotient(rest(self.of_day(), within), part)
