"""`date` and `datetime`: local dates, without and with a time of day, as microseconds since 1970-01-01T00:00:00."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sealift.contract.date_format import example, iso_of
from sealift.contract.datetimes import DAY, column_micros, hint, is_spelled, micros_of, text_of
from sealift.contract.scalars import Scalar
from sealift.contract.types.base import CellRules, ValueType
from sealift.contract.values import OK, SPACE, WRONG_TYPE, Encoded, Unreadable, is_missing

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy.typing as npt

_DAY_PATTERN = (
    r"(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|[12][0-9]))"
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_MIDNIGHT = r"00:00(?::00(?:\.0{1,6})?)?"
_END = r"(?![\s\S])"  # `$` would also match before a line break at the end
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_DAY, _DAY_NANOS = float(DAY), DAY * 1000
_read_day = datetime.date.fromisoformat
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_zone, _nanos = attrgetter("tzinfo"), attrgetter("value")
_FLOATS = frozenset({"float", "float64"})
_TYPES = frozenset({"date", "datetime", "datetime64", "Timestamp"})


class Time(ValueType):
    """Dates; microseconds in the tensor `number`."""

    feeds = "number"
    stands_for = "datetime64[us]"
    has_categories = False
    has_date_format = True

    def __init__(self, name: str, needed: str, example: str, *, days: bool) -> None:
        self.name, self.needed, self.has_days = name, needed, days
        self.bounds = f"dates as {example}"

    def fits(self, value: object) -> bool:
        """An ISO 8601 string."""
        return isinstance(value, str) and micros_of(value, self.name) is not None

    def bound(self, raw: Any) -> str:
        """The canonical form of a string, or of a date of Python, NumPy or pandas."""
        micros = micros_of(raw, self.name)
        if micros is None:
            raise ValueError(f"bounds must be {self.bounds}")
        return raw if is_spelled(raw, self.name) else text_of(micros, self.name)

    def value_of(self, number: float) -> str:
        """The canonical string."""
        return text_of(number, self.name)

    def limit(self, bound: Any) -> float | None:
        """Microseconds."""
        return micros_of(bound, self.name) if isinstance(bound, str) else None

    def json_schema(self, low: float, high: float, categories: Sequence[Scalar] | None) -> dict[str, Any]:
        """ISO 8601 strings; a date may have the time 00:00. Ranges are left out: schemas have none for strings."""
        del low, high, categories
        return {"type": "string", "pattern": f"^{_DAY_PATTERN}(?:T{_MIDNIGHT if self.has_days else _CLOCK})?{_END}"}

    def cell(self, cell: str, rules: CellRules) -> str | Unreadable | None:
        """A date in the format of the field, or in ISO 8601."""
        text = cell.strip(SPACE)
        if text in rules.missing:
            return None
        iso = text if rules.dates is None else iso_of(text, rules.dates)
        return iso if micros_of(iso, self.name) is not None else Unreadable(cell)

    def cells(self, cells: Sequence[str], rules: CellRules) -> list[Any]:
        """A column without unreadable cells is read at once."""
        if rules.dates is None:
            values = [None if (text := cell.strip(SPACE)) in rules.missing else text for cell in cells]
            dates = column_micros(values)
            if dates is not None and self._are_days(dates[0]):
                return values
        return [self.cell(cell, rules) for cell in cells]

    def encode(self, column: Sequence[Any] | npt.NDArray[Any]) -> Encoded:
        """float64 (N,), NaN where missing."""
        import numpy as np

        codes = np.full(len(column), OK, dtype=np.uint8)
        at_once = column_micros(column)
        if at_once is not None:
            micros, missing = at_once
            array = micros.astype(np.float64)
            if not self._are_days(micros):
                codes[micros % DAY != 0] = WRONG_TYPE
        else:
            array = np.zeros(len(column), dtype=np.float64)
            missing = np.zeros(len(column), dtype=np.bool_)
            for row, value in enumerate(column):
                if is_missing(value):
                    missing[row] = True
                    continue
                moment = micros_of(value, self.name)
                if moment is None:
                    codes[row] = WRONG_TYPE
                else:
                    array[row] = moment
        array[missing] = math.nan
        array[codes == WRONG_TYPE] = 0.0
        return Encoded(array, missing, codes)

    def number(self, value: Any) -> float:
        """Microseconds of one date, NaN where it is missing."""
        kind: Any = type(value)
        if kind is str:
            if len(value) == 10 and value[4] == "-" == value[7]:
                return (_read_day(value).toordinal() - _EPOCH) * _DAY  # exact: a day is 10546875 * 2**13 microseconds
        elif value is None:
            return math.nan
        elif isinstance(value, datetime.datetime) and value.tzinfo is None:
            if _is_timestamp(kind):
                day = _day_of(value)
                if day is not None:
                    return day * _DAY
            elif _is_midnight(value):
                return (value.toordinal() - _EPOCH) * _DAY
        if kind is str or kind.__name__ in _TYPES:
            micros = micros_of(value, self.name)
            if micros is not None:
                return float(micros)
        if (isinstance(value, float) and kind.__name__ not in _FLOATS) or not is_missing(value):
            raise ValueError  # subclasses of float may have a length
        return math.nan

    def numbers(self, column: Any) -> Any:
        """Microseconds of a column of dates."""
        import numpy as np

        if type(column) is list:
            micros = _days(column)
            if micros is None:
                micros = _midnights(column)
            if micros is not None:
                return micros
        at_once = column_micros(column) if isinstance(column, list) or type(column) is np.ndarray else None
        if at_once is None:
            if type(column) is np.ndarray and column.dtype.kind in "OU":
                column = column.tolist()
            if not isinstance(column, list | tuple):
                raise ValueError
            return np.array([self.number(value) for value in column], dtype=np.float64)
        micros, missing = at_once
        if not self._are_days(micros):
            raise ValueError
        array = micros.astype(np.float64)
        array[missing] = math.nan
        return array

    def needs(self, date_format: str) -> str:
        """A date in the format of the field."""
        return f"a date as {example(date_format)} ({date_format})" if date_format else self.needed

    def hint(self, value: object) -> str:
        """Advice where the value has a time zone, or a space between date and time."""
        return hint(value.text if isinstance(value, Unreadable) else value)

    def _are_days(self, micros: Any) -> bool:
        """Whether microseconds (N,) are values of this type."""
        return not self.has_days or not (micros % DAY).any()


def _is_midnight(time: datetime.datetime) -> bool:
    """Whether a time is the first of its day; pandas' have nanoseconds, too."""
    return not (time.hour or time.minute or time.second or time.microsecond or getattr(time, "nanosecond", 0))


@lru_cache(64)
def _is_timestamp(kind: type[Any]) -> bool:
    """Whether a type is pandas' Timestamp."""
    return kind.__name__ == "Timestamp" and kind.__module__.partition(".")[0] == "pandas"


def _day_of(stamp: Any) -> int | None:
    """The day of a Timestamp since 1970; None where it has a time of day, or is outside the years 1678 to 2261.

    Its `toordinal` takes 1 µs.
    """
    try:
        day, rest = divmod(stamp.value, _DAY_NANOS)
    except OverflowError:
        return None
    return None if rest else day


def _midnights(stamps: list[Any]) -> Any:
    """Microseconds of Timestamps without a time of day, float64 (N,); None where one of them is anything else."""
    import numpy as np

    kinds = set(map(type, stamps))
    if len(kinds) != 1 or not _is_timestamp(kinds.pop()) or set(map(_zone, stamps)) != {None}:
        return None
    try:
        nanos = np.fromiter(map(_nanos, stamps), dtype=np.int64, count=len(stamps))
    except OverflowError:
        return None
    days, rest = np.divmod(nanos, _DAY_NANOS)
    return None if rest.any() else days * _DAY


def _days(texts: list[Any]) -> Any:
    """Microseconds of dates as 2024-03-01, float64 (N,), NaN for None; None where one of them is anything else."""
    import numpy as np

    count, gaps = len(texts), []
    try:
        joined = "\0".join(texts)
    except TypeError:  # one is no string
        gaps = [at for at, text in enumerate(texts) if text is None]
        texts = ["1970-01-01" if text is None else text for text in texts]
        if set(map(type, texts)) != {str}:
            return None
        joined = "\0".join(texts)
    try:
        data = f"{joined}\0".encode("ascii")
        # NumPy accepts more than the contract: other forms of ISO 8601, and the year 0.
        if data.translate(_DIGITS) != b"0000-00-00\0" * count or b"0000-" in data:
            return None
        days = np.frombuffer(data, dtype="S11").astype("datetime64[D]")
    except ValueError:  # not ASCII, or 30 February
        return None
    micros = days.astype(np.float64) * _DAY
    if gaps:
        micros[gaps] = math.nan
    return micros


DATE = Time("date", "a date as 2024-03-01", "2024-03-01", days=True)
DATETIME = Time("datetime", "a date with its time as 2024-03-01T12:30:00", "2024-03-01T12:30:00", days=False)
