"""The methods of columns of times that a trace follows."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.contract.datetimes import DAY
from sealift.graph.tensor import Tensor, where
from sealift.tracing.array import Array
from sealift.tracing.calendar import Calendar, floored, quotient
from sealift.tracing.datetimes import DATETIME_METHODS, PARTS, Datetimes, as_block
from sealift.tracing.frame import Frame
from sealift.tracing.recording import table_of
from sealift.tracing.series import unsupported_method
from sealift.tracing.time_units import MICROS, counted, unit_of
from sealift.tracing.timedeltas import operand
from sealift.tracing.unsupported import UnsupportedOperation

_OPERATORS = {
    "add": np.add, "sub": np.subtract, "subtract": np.subtract, "div": np.divide, "truediv": np.divide,
    "floordiv": np.floor_divide, "mod": np.remainder, "eq": np.equal, "ne": np.not_equal, "lt": np.less,
    "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "abs": np.absolute,
}  # fmt: skip


def filled(value: Datetimes, instead: Any = None, **rest: Any) -> Datetimes:
    """`s.fillna(a date, or another column of dates)`."""
    if instead is None or any(option not in (None, False) for option in rest.values()):
        raise unsupported_method("ffill", "a column of dates")
    other = operand(instead, value)
    if other is None or other.kind.kind != value.kind.kind:
        raise UnsupportedOperation(
            "it fills dates with something else", "Fill them with a date: dates.fillna(pd.Timestamp(…))."
        )
    micros = where(value.gaps, other.micros, value.micros)
    return Datetimes(micros, value.gaps & other.gaps, value.kind, value.name, plain=value.plain)


def as_type(value: Datetimes, dtype: Any, *_: Any, **__: Any) -> Array:
    """`.astype`: to a coarser unit, which cuts off; to int64, which counts units since 1970."""
    kind = np.dtype(dtype)
    if kind.kind == value.kind.kind:
        unit = unit_of(kind)
        if unit in ("Y", "M"):
            return value.like(_whole_months(value, unit), kind)
        return value.like(floored(value.micros, MICROS[unit]) if MICROS.get(unit, 1) > 1 else value.micros, kind)
    if kind != np.int64:
        raise UnsupportedOperation(f"it turns dates into {kind}", PARTS)
    unit = unit_of(value.kind)
    if unit in ("Y", "M"):
        months = Calendar(value.micros).months()
        count = quotient(months, 12) if unit == "Y" else months
    else:
        count = counted(value.micros, unit)
    # NaT is the lowest number; a column of pandas' refuses, and so the field may not be missing.
    return value.as_column(where(value.gaps, np.array(np.iinfo(np.int64).min), count))


def _whole_months(value: Datetimes, unit: str) -> Tensor:
    if value.kind.kind == "m":
        raise UnsupportedOperation(
            "it counts the months of a timedelta", "A month has no fixed length; divide by days."
        )
    parts = Calendar(value.micros)
    days = parts.day_of_year() if unit == "Y" else parts.day()
    return (parts.days() - days + 1) * DAY


def _isna(value: Datetimes) -> Array:
    return value.as_column(value.gaps)


def _between(value: Datetimes, left: Any, right: Any, inclusive: str = "both") -> Any:
    low = value >= left if inclusive in ("both", "left") else value > left
    high = value <= right if inclusive in ("both", "right") else value < right
    return low & high


def _to_frame(value: Datetimes, name: Any = None) -> Any:
    label = str(value.name if name is None else name)
    return Frame(table_of(as_block(value, (label,))))


def _shaped(value: Datetimes, *shape: Any, **_: Any) -> Datetimes:
    values = Array(value.micros).reshape(*shape).tensor()
    return Datetimes(values, Array(value.gaps).reshape(*shape).tensor(), value.kind, plain=value.plain)


DATETIME_METHODS.update(
    {
        **_OPERATORS,
        "astype": as_type,
        "between": _between,
        "copy": Datetimes.copy,
        "fillna": filled,
        "isna": _isna,
        "isnull": _isna,
        "notna": lambda x: ~_isna(x),
        "notnull": lambda x: ~_isna(x),
        "pipe": lambda x, function, *args, **kwargs: function(x, *args, **kwargs),
        "ravel": lambda x, *_: _shaped(x, -1),
        "rename": lambda x, name=None, **_: Datetimes(x.micros, x.gaps, x.kind, name, plain=x.plain),
        "reshape": _shaped,
        "to_frame": _to_frame,
        "to_numpy": lambda x, dtype=None, **_: x.values if dtype is None else x.values.astype(dtype),
    }
)
