"""`Datetimes`: columns of dates and times (datetime64) and of timedeltas in a trace, as int64 microseconds and a mask.

It is an `Array` whose `tensor` refuses, so that whatever computes with numbers does not take dates for such.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from sealift.graph.table import Block
from sealift.graph.tensor import Tensor, where
from sealift.tracing.array import Array, pandas_class
from sealift.tracing.series import ALTERNATIVES, Series, unsupported_method
from sealift.tracing.unsupported import UnsupportedOperation

PARTS = "Take a part of them first: .dt.year, .dt.dayofweek; or the time between two: (end - start).dt.days."

DATETIME_METHODS: dict[str, Callable[..., Any]] = {}
"""The methods of columns of times, which `datetime_methods` registers: name → function of the column, arguments."""
DATETIME_ACCESSOR: dict[str, Callable[[Any], Any]] = {}
"""The accessor `dt`, which `date_parts` registers."""


class Datetimes(Series):
    """A column or matrix of datetime64 or timedelta64."""

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
        raise TypeError("the class of a placeholder cannot be set")

    @property
    def dtype(self) -> np.dtype[Any]:
        """datetime64 or timedelta64, with the unit."""
        return self.kind

    def tensor(self) -> Tensor:
        """Refuses: dates are no numbers."""
        kind = "timedeltas" if self.kind.kind == "m" else "dates"
        raise UnsupportedOperation(f"it computes with {kind} as if they were numbers", PARTS)

    @property
    def micros(self) -> Tensor:
        """Whole microseconds, int64."""
        return self._tensor

    @property
    def gaps(self) -> Tensor:
        """Where a value is missing."""
        assert self.missing is not None
        return self.missing

    def like(self, micros: Tensor, kind: np.dtype[Any] | None = None) -> Datetimes:
        """Other times in the same rows."""
        return Datetimes(micros, self.gaps, kind or self.kind, self.name, plain=self.plain)

    def as_column(self, tensor: Tensor) -> Array:
        """Numbers or flags of these rows, as pandas or NumPy would hold them."""
        return Array(tensor) if self.plain or len(tensor.shape) != 1 else Series(tensor, self.name)

    def numbers(self, whole: Tensor) -> Array:
        """Whole numbers of these rows: floats, which have room for what is missing. pandas, too, makes floats then."""
        return self.as_column(where(self.gaps, np.nan, whole.cast("float64")))

    def copy(self, *_: Any, **__: Any) -> Datetimes:
        """The same values."""
        return self.like(self.micros)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise UnsupportedOperation(
            "it assigns into a column of dates", "Build the new column: dates.fillna(pd.Timestamp(…))."
        )

    def __getitem__(self, key: Any) -> Any:
        values, gaps = Array(self.micros)[key], Array(self.gaps)[key]
        return Datetimes(values.tensor(), gaps.tensor(), self.kind, self.name, plain=self.plain)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        known = DATETIME_METHODS.get(name)
        if known is not None:
            return partial(known, self)
        if name in DATETIME_ACCESSOR and not self.plain:
            return DATETIME_ACCESSOR[name](self)
        if name == "values":
            return Datetimes(self.micros, self.gaps, self.kind, plain=True)
        try:
            raise unsupported_method(name, "a column of dates") from None
        except KeyError:
            raise UnsupportedOperation(
                f"it uses .{name} of dates, which is not traced", ALTERNATIVES.get(name, PARTS)
            ) from None


def is_datetimes(value: Any) -> bool:
    """Whether it is a placeholder for dates or timedeltas."""
    return issubclass(type(value), Datetimes)


def of_block(block: Block, name: Any = None, *, plain: bool = False) -> Datetimes:
    """The times of a block, a vector where `name` is given."""
    values = block.values if name is None else block.values.column(0)
    gaps = values.isnan()
    return Datetimes(where(gaps, 0.0, values).cast("int64"), gaps, np.dtype(block.time), name, plain=plain)


def as_block(value: Datetimes, names: tuple[str, ...]) -> Block:
    """Times as columns of a table: microseconds as floats, NaN where missing."""
    values = where(value.gaps, np.nan, value.micros.cast("float64"))
    return Block(values.matrix() if len(values.shape) == 1 else values, None, names, time=str(value.kind))
