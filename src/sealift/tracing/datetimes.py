"""`Moments`: dates, times and the spans between them in a trace, as whole microseconds with a mask of what is missing.

It is an `Array` whose `tensor` refuses, so that whatever computes with numbers does not take dates for such.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sealift.graph.table import Block, Table
from sealift.graph.tensor import Tensor, where
from sealift.tracing.array import Array, pandas_class
from sealift.tracing.calendar import Calendar, floored, quotient
from sealift.tracing.indexing import get
from sealift.tracing.series import ELSEWHERE, Series, unlike
from sealift.tracing.time_units import MICROS, counted, unit_of
from sealift.tracing.unsupported import Refusal

_PARTS = "Take a part of them first: .dt.year, .dt.dayofweek; or the time between two: (end - start).dt.days."
_OPERATORS = {
    "add": np.add, "sub": np.subtract, "subtract": np.subtract, "div": np.divide, "truediv": np.divide,
    "floordiv": np.floor_divide, "mod": np.remainder, "eq": np.equal, "ne": np.not_equal, "lt": np.less,
    "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "abs": np.absolute,
}  # fmt: skip


class Moments(Series):
    """A column or matrix of times (datetime64) or spans (timedelta64)."""

    def __init__(self, micros: Tensor, missing: Tensor, kind: np.dtype[Any], name: Any = None, *, plain: bool) -> None:
        """`micros` is int64, anything where `missing` holds; `plain` is an array of NumPy's, else a pandas column."""
        super().__init__(micros, name, missing)
        self.kind = kind
        self.plain = plain
        self.constant: int | None = None

    @property
    def __class__(self) -> type:
        return np.ndarray if self.plain else pandas_class("series", "Series") or Series

    @__class__.setter
    def __class__(self, kind: type) -> None:
        raise TypeError("the class of a stand-in cannot be set")

    @property
    def dtype(self) -> np.dtype[Any]:
        """datetime64 or timedelta64, with the unit."""
        return self.kind

    @property
    def tensor(self) -> Tensor:
        """Refuses: dates are no numbers."""
        spans = "spans of time" if self.kind.kind == "m" else "dates"
        raise Refusal(f"it computes with {spans} as if they were numbers", _PARTS)

    @property
    def micros(self) -> Tensor:
        """Whole microseconds, int64."""
        return self._tensor

    @property
    def gaps(self) -> Tensor:
        """Where a value is missing."""
        assert self.missing is not None
        return self.missing

    def like(self, micros: Tensor, kind: np.dtype[Any] | None = None) -> Moments:
        """Other times in the same rows."""
        return Moments(micros, self.gaps, kind or self.kind, self.name, plain=self.plain)

    def told(self, tensor: Tensor) -> Array:
        """Numbers or flags of these rows, as pandas or NumPy would hold them."""
        return Array(tensor) if self.plain or len(tensor.shape) != 1 else Series(tensor, self.name)

    def numbers(self, whole: Tensor) -> Array:
        """Whole numbers of these rows: floats, which have room for what is missing. pandas, too, makes floats then."""
        return self.told(where(self.gaps, np.nan, whole.cast("float64")))

    def copy(self, *_: Any, **__: Any) -> Moments:
        """The same values."""
        return self.like(self.micros)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise Refusal("it assigns into a column of dates", "Build the new column: dates.fillna(pd.Timestamp(…)).")

    def __getitem__(self, key: Any) -> Any:
        values, gaps = get(Array(self.micros), key), get(Array(self.gaps), key)
        return Moments(values.tensor, gaps.tensor, self.kind, self.name, plain=self.plain)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _OPERATORS:
            return lambda *other: _OPERATORS[name](self, *other)
        if name == "dt" and not self.plain:
            from sealift.tracing.date_parts import Parts

            return Parts(self)
        if name == "values":
            return Moments(self.micros, self.gaps, self.kind, plain=True)
        if name in _METHODS:
            return lambda *args, **kwargs: _METHODS[name](self, *args, **kwargs)
        try:
            raise unlike(name, "a column of dates") from None
        except KeyError:
            raise Refusal(f"it uses .{name} of dates, which is not traced", ELSEWHERE.get(name, _PARTS)) from None


def is_moments(value: Any) -> bool:
    """Whether it is a stand-in for times or spans."""
    return issubclass(type(value), Moments)


def of_block(block: Block, name: Any = None, *, plain: bool = False) -> Moments:
    """The times of a block, a vector where `name` is given."""
    values = block.values if name is None else block.values.column(0)
    gaps = values.isnan()
    return Moments(where(gaps, 0.0, values).cast("int64"), gaps, np.dtype(block.time), name, plain=plain)


def as_block(value: Moments, names: tuple[str, ...]) -> Block:
    """Times as columns of a table: microseconds as floats, NaN where missing."""
    values = where(value.gaps, np.nan, value.micros.cast("float64"))
    return Block(values.matrix() if len(values.shape) == 1 else values, None, names, time=str(value.kind))


def filled(value: Moments, instead: Any = None, **rest: Any) -> Moments:
    """`s.fillna(a date, or another column of dates)`."""
    from sealift.tracing.timedeltas import operand

    if instead is None or any(option not in (None, False) for option in rest.values()):
        raise unlike("ffill", "a column of dates")
    other = operand(instead, value)
    if other is None or other.kind.kind != value.kind.kind:
        raise Refusal("it fills dates with something else", "Fill them with a date: dates.fillna(pd.Timestamp(…)).")
    micros = where(value.gaps, other.micros, value.micros)
    return Moments(micros, value.gaps & other.gaps, value.kind, value.name, plain=value.plain)


def as_type(value: Moments, dtype: Any, *_: Any, **__: Any) -> Array:
    """`.astype`: to a coarser unit, which cuts off; to int64, which counts units since 1970."""
    kind = np.dtype(dtype)
    if kind.kind == value.kind.kind:
        unit = unit_of(kind)
        if unit in ("Y", "M"):
            return value.like(_whole_months(value, unit), kind)
        return value.like(floored(value.micros, MICROS[unit]) if MICROS.get(unit, 1) > 1 else value.micros, kind)
    if kind != np.int64:
        raise Refusal(f"it turns dates into {kind}", _PARTS)
    unit = unit_of(value.kind)
    if unit in ("Y", "M"):
        months = Calendar(value.micros).months
        count = quotient(months, 12) if unit == "Y" else months
    else:
        count = counted(value.micros, unit)
    # NaT is the lowest number; a column of pandas' refuses, and so the field may not be missing.
    return value.told(where(value.gaps, np.array(np.iinfo(np.int64).min), count))


def _whole_months(value: Moments, unit: str) -> Tensor:
    from sealift.contract.datetimes import DAY

    if value.kind.kind == "m":
        raise Refusal("it counts the months of a span", "A month has no fixed length; divide by days.")
    parts = Calendar(value.micros)
    days = parts.day_of_year if unit == "Y" else parts.day
    return (parts.days - days + 1) * DAY


def _isna(value: Moments) -> Array:
    return value.told(value.gaps)


def _between(value: Moments, left: Any, right: Any, inclusive: str = "both") -> Any:
    low = value >= left if inclusive in ("both", "left") else value > left
    high = value <= right if inclusive in ("both", "right") else value < right
    return low & high


def _to_frame(value: Moments, name: Any = None) -> Any:
    from sealift.tracing.frame import Frame

    label = str(value.name if name is None else name)
    return Frame(Table((as_block(value, (label,)),), value.micros.graph))


def _shaped(value: Moments, *shape: Any, **_: Any) -> Moments:
    values = Array(value.micros).reshape(*shape).tensor
    return Moments(values, Array(value.gaps).reshape(*shape).tensor, value.kind, plain=value.plain)


_METHODS: dict[str, Callable[..., Any]] = {
    "astype": as_type,
    "between": _between,
    "copy": Moments.copy,
    "fillna": filled,
    "isna": _isna,
    "isnull": _isna,
    "notna": lambda x: ~_isna(x),
    "notnull": lambda x: ~_isna(x),
    "pipe": lambda x, function, *args, **kwargs: function(x, *args, **kwargs),
    "ravel": lambda x, *_: _shaped(x, -1),
    "rename": lambda x, name=None, **_: Moments(x.micros, x.gaps, x.kind, name, plain=x.plain),
    "reshape": _shaped,
    "to_frame": _to_frame,
    "to_numpy": lambda x, dtype=None, **_: x.values if dtype is None else x.values.astype(dtype),
}
