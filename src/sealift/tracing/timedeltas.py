"""Arithmetic and comparisons of dates and timedeltas: NumPy's universal functions on `Datetimes`."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from sealift.contract.datetimes import DAY, micros_of
from sealift.graph.tensor import Tensor, where
from sealift.tracing.array import Array
from sealift.tracing.calendar import rest
from sealift.tracing.datetimes import Datetimes, is_datetimes
from sealift.tracing.time_units import MICROS, as_float, finer, unit_of
from sealift.tracing.unsupported import UnsupportedOperation, asks_the_clock

_COMPARE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "equal": lambda a, b: a.equals(b),
    "not_equal": lambda a, b: ~a.equals(b),
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
}
_SUMS: dict[tuple[str, str, str], str] = {
    ("subtract", "M", "M"): "m", ("subtract", "M", "m"): "M", ("subtract", "m", "m"): "m",
    ("add", "M", "m"): "M", ("add", "m", "M"): "M", ("add", "m", "m"): "m",
}  # fmt: skip
_CLOCK = 60_000_000
_HINT = (
    "Take parts (.dt.year, .dt.dayofweek), subtract dates from each other, divide the difference by "
    'np.timedelta64(1, "D"), or compare with pd.Timestamp(…).'
)


def call(function: Any, inputs: Sequence[Any]) -> Any:
    """The result of a universal function on dates and timedeltas. Raises UnsupportedOperation."""
    name = function.__name__
    first = next(value for value in inputs if is_datetimes(value))
    if name in ("isnat", "isnan"):
        return first.as_column(first.gaps)
    if name == "absolute" and first.kind.kind == "m":
        return first.like(first.micros.abs())
    if name == "negative" and first.kind.kind == "m":
        return first.like(-first.micros)
    sides = [operand(value, first) for value in inputs]
    if len(sides) == 2 and sides[0] is not None and sides[1] is not None:
        result = _pair(name, sides[0], sides[1], first)
        if result is not None:
            return result
    raise UnsupportedOperation(f"it calls np.{name} on dates or timedeltas in a way that is not traced", _HINT)


def _pair(name: str, a: Datetimes, b: Datetimes, first: Datetimes) -> Any:
    kinds = a.kind.kind, b.kind.kind
    gaps = a.gaps | b.gaps
    if (name, *kinds) in _SUMS:
        micros = a.micros - b.micros if name == "subtract" else a.micros + b.micros
        kind = np.dtype(f"{_SUMS[(name, *kinds)]}8[{finer(a.kind, b.kind)}]")
        return Datetimes(micros, gaps, kind, first.name, plain=first.plain)
    if kinds[0] != kinds[1]:
        return None
    if name in _COMPARE:
        result = _COMPARE[name](a.micros, b.micros)
        return first.as_column(result | gaps if name == "not_equal" else result & ~gaps)
    if name in ("maximum", "minimum"):
        above = a.micros > b.micros if name == "maximum" else a.micros < b.micros
        kind = np.dtype(f"{kinds[0]}8[{finer(a.kind, b.kind)}]")
        return Datetimes(where(above, a.micros, b.micros), gaps, kind, first.name, plain=first.plain)
    return _quotient(name, a, b, gaps, first) if kinds == ("m", "m") else None


def _quotient(name: str, a: Datetimes, b: Datetimes, gaps: Tensor, first: Datetimes) -> Array | Datetimes | None:
    size = b.constant
    if name == "divide":
        unit = finer(a.kind, b.kind)
        result = as_float(a.micros, unit) / as_float(b.micros, unit)
        return first.as_column(where(gaps, np.nan, result))
    if name not in ("floor_divide", "remainder") or not size or size < 0:
        return None
    left = rest(a.micros, size)
    if name == "remainder":
        return Datetimes(left, gaps, np.dtype(f"m8[{finer(a.kind, b.kind)}]"), first.name, plain=first.plain)
    whole = (a.micros - left).op("Div", a.micros.lift(size))
    return first.as_column(where(gaps, np.nan, whole.cast("float64")))


def operand(value: Any, like: Datetimes) -> Datetimes | None:
    """A placeholder as it is, a constant date or timedelta as one; None for anything else."""
    if is_datetimes(value):
        return cast(Datetimes, value)
    known = _constant(value)
    if known is None:
        return None
    micros, kind = known
    graph = like.micros.graph
    result = Datetimes(
        graph.constant(np.array(0 if micros is None else micros, dtype=np.int64)),
        graph.constant(np.array(micros is None)),
        kind or like.kind,
        plain=True,
    )
    result.constant = micros
    return result


def _constant(value: Any) -> tuple[int | None, np.dtype[Any] | None] | None:
    """Microseconds and dtype of a user's constant; no microseconds for NaT."""
    if type(value).__name__ == "NaTType":
        return None, None
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    unit = getattr(value, "unit", "us")
    if isinstance(value, np.datetime64 | np.timedelta64):
        if np.isnat(value):
            return None, value.dtype
        unit = unit_of(value.dtype)
    if isinstance(value, np.timedelta64):
        return _timedelta(value, unit)
    if isinstance(value, datetime.timedelta):
        if getattr(value, "nanoseconds", 0):
            raise UnsupportedOperation("it uses a part of a microsecond", "Round it to microseconds.")
        return value // datetime.timedelta(microseconds=1), np.dtype(f"m8[{unit}]")
    if not isinstance(value, datetime.date | np.datetime64 | str):
        return None
    micros = micros_of(value, "datetime")
    if micros is None:
        raise UnsupportedOperation(
            f"it uses the date {value!s:.40}, which cannot be read",
            "Write pd.Timestamp('2024-03-01') or '2024-03-01T12:30:00', without a time zone.",
        )
    _check_clock(micros)
    return micros, np.dtype(f"M8[{unit}]")


def _check_clock(micros: int) -> None:
    """Refuse the present moment, and today where the user's code asks for it: the file would keep that day."""
    now = [datetime.datetime.now(), datetime.datetime.now(datetime.UTC)]
    instants = [_since_1970(each) for each in now]
    today = micros % DAY == 0 and micros in [instant // DAY * DAY for instant in instants]
    if min(abs(micros - instant) for instant in instants) < _CLOCK or (today and asks_the_clock()):
        raise UnsupportedOperation(
            "it asks the clock what day it is, so that a row's answer changes from day to day",
            "Let the day of the prediction be a column of X, in training too: df['asked'] - df['born'].",
        )


def _since_1970(when: datetime.datetime) -> int:
    return (when.replace(tzinfo=None) - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)


def _timedelta(value: np.timedelta64, unit: str) -> tuple[int, np.dtype[Any]]:
    if unit in ("Y", "M"):
        raise UnsupportedOperation("it uses a timedelta of months or years, which has no fixed length", "Use days.")
    count = int(value.astype(np.int64))
    if unit == "ns" and count % 1000:
        raise UnsupportedOperation("it uses a part of a microsecond", "Round it to microseconds.")
    return (count // 1000 if unit == "ns" else count * MICROS[unit]), value.dtype
