"""One column of the caller's rows as plain values: its type in the contract, and the errors for unsupported values."""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract import DType, is_missing
from sealift.contract.datetimes import DAY, array_micros, hint, micros_of
from sealift.contract.types import ValueType, value_type
from sealift.contract.types.integer import INT64
from sealift.errors import PackError
from sealift.packing.inputs.number_values import NumberValues
from sealift.packing.strings import is_unicode

Values: TypeAlias = Sequence[float | str | bool | None]

SPANS = (
    "Give what the model needs of it as columns of numbers instead, in training too: "
    "X['days'] = (X['end'] - X['start']).dt.days."
)
ZONES = (
    "Convert the column to one time zone and remove the zone, in training too: "
    'X["when"] = X["when"].dt.tz_convert("UTC").dt.tz_localize(None).'
)
FINE = (
    "Round it to microseconds of the years 1685 to 2255, or to seconds of the years 1 to 9999, in training too: "
    'X["when"] = X["when"].dt.floor("us").'
)
_TIMES = (datetime.date, np.datetime64)
_PLAIN = "Let a column hold numbers, strings, booleans or dates, and NaN or None where a value is missing."
_REMEDIES = {
    "Decimal": "Turn it into float64, in training too: X['price'] = X['price'].astype(float).",
    "bytes": "Decode it into strings, in training too: X['name'] = X['name'].str.decode('utf-8').",
    "time": "Turn it into a number, in training too: hours since midnight.",
    "Interval": "Turn it into strings or into the numbers of the intervals, in training too.",
}
_REMEDIES["bytes_"] = _REMEDIES["bytes"]
_MOST_WHOLE = 2**53 - 1


@dataclass(frozen=True)
class Column:
    """One column of X.

    Attributes:
        name: its name.
        dtype: its type in the contract.
        values: plain values, None where missing.
        null: the representation of a missing value in X, None or NaN; in rows that are dicts, None means an absent key.
        known: the values that a categorical type declares, else None.
        native: the dtype in the caller's library.
        two_nulls: whether both None and NaN stand for missing values in X.
        unfit: the error if no contract can contain the column; its values are then unchanged. Otherwise None.
    """

    name: str
    dtype: DType
    values: Values
    null: float | None
    known: tuple[Any, ...] | None = None
    native: Any = None
    two_nulls: bool = False
    unfit: PackError | None = None

    @property
    def type(self) -> ValueType:
        """The type of its values."""
        known = value_type(self.dtype)
        assert known is not None
        return known

    @property
    def native_strings(self) -> str:
        """`arrow` if Arrow's functions edit the strings, whose lower case differs from Python's; else empty."""
        arrow = getattr(self.native, "storage", "") == "pyarrow" or hasattr(self.native, "pyarrow_dtype")
        return "arrow" if self.type.feeds == "text" and arrow else ""

    @property
    def native_time(self) -> str:
        """The NumPy dtype of a column of dates."""
        kind = self.native if isinstance(self.native, np.dtype) else None
        return str(kind) if kind is not None and kind.kind == "M" else "datetime64[us]"

    @property
    def native_whole(self) -> str:
        """The name of the NumPy or pandas dtype (`Int64`) of a column of integers or booleans; else empty."""
        if isinstance(self.native, np.dtype):
            return str(self.native) if self.native.kind in "iub" else ""
        nullable = type(self.native).__module__.startswith("pandas") and not hasattr(self.native, "pyarrow_dtype")
        return str(self.native) if nullable and self.type is INT64 and hasattr(self.native, "numpy_dtype") else ""


def times_of(name: str, raw: Any, native: Any, null: float | None = math.nan) -> Column:
    """A column of dates from datetime64 (N,), with values in microseconds since 1970. Raises PackError E304."""
    converted = array_micros(raw)
    if converted is None:
        raise unfit(name, "holds times that microseconds in float64 do not represent exactly", FINE)
    micros, missing = converted
    whole = bool((~missing).any()) and not (micros[~missing] % DAY).any()
    values = NumberValues(np.where(missing, math.nan, micros.astype(np.float64)))
    return Column(name, "date" if whole else "datetime", values, null, native=native)


def column_of(name: str, raw: Any, *, known: tuple[Any, ...] | None = None, native: Any = None) -> Column:
    """A column from an array of its values (N,). Raises PackError E304 for unsupported values."""
    if raw.dtype.kind == "f" and raw.dtype.itemsize < 4:
        raise unfit(name, f"holds {raw.dtype}", "Give X as float32 or float64, which all computers support.")
    if raw.dtype.kind in "fiub":
        return _numbers(name, raw, known, native)
    if raw.dtype.kind == "M":
        return times_of(name, raw, native)
    missing = [is_missing(value) for value in raw]
    present = [value for value, gone in zip(raw, missing, strict=True) if not gone]
    null = None if any(value is None for value in raw) else math.nan
    two_nulls = null is None and any(isinstance(value, float) for value in itertools.compress(raw, missing))
    values = [None if gone else plain(value) for value, gone in zip(raw, missing, strict=True)]
    pool = list(known) if known else present
    if all(isinstance(value, str) for value in pool):
        _check_texts(name, pool)
        return Column(name, "string", values, null, known, native, two_nulls)
    if all(isinstance(value, bool | np.bool_) for value in pool):
        return Column(name, "bool", values, null, known, native)
    if all(
        isinstance(value, int | float | np.number) and not isinstance(value, bool | np.complexfloating)
        for value in pool
    ):
        whole = all(isinstance(value, int | np.integer) for value in pool)
        if whole:
            _check_whole(name, pool)
        return Column(name, "int64" if whole else "float64", values, null, known, native)
    if all(isinstance(value, _TIMES) for value in pool) and not known:
        return _objects(name, raw, missing, null)
    raise unlike(name, pool)


def _objects(name: str, raw: Any, missing: Sequence[bool], null: float | None) -> Column:
    """A column of Python's date objects; rows are built with the same type."""
    values: list[float | None] = []
    kinds = {type(value) for value, gone in zip(raw, missing, strict=True) if not gone}
    for value, gone in zip(raw, missing, strict=True):
        micros = None if gone else micros_of(value, "datetime")
        if micros is None and not gone:
            raise (
                unfit(name, "holds dates with a time zone", ZONES)
                if hint(value)
                else unfit(name, "holds times that microseconds in float64 do not represent exactly", FINE)
            )
        values.append(None if micros is None else float(micros))
    whole = all(value is None or value % DAY == 0 for value in values)
    if len(kinds) > 1:
        raise unfit(name, f"mixes values of the types {', '.join(sorted(k.__name__ for k in kinds))}", _PLAIN)
    return Column(name, "date" if whole else "datetime", values, null, native=kinds.pop())


def readable(name: str, raw: Any, native: Any, read: Callable[[], Column]) -> Column:
    """The result of `read`; a column with `unfit` if it raises E304.

    The type of a column does not matter if the model drops it.
    """
    try:
        return read()
    except PackError as error:
        if error.code != "E304":
            raise
        return Column(name, "float64", list(raw), math.nan, native=native, unfit=error)


def unlike(name: str, values: Sequence[Any]) -> PackError:
    """The error for a column whose values are not all numbers, all strings or all booleans."""
    kinds = sorted({type(value).__name__ for value in values})
    if len(kinds) > 1:
        return unfit(name, f"mixes values of the types {', '.join(kinds)}", _PLAIN)
    fix = SPANS if isinstance(values[0], datetime.timedelta | np.timedelta64) else _REMEDIES.get(kinds[0], _PLAIN)
    return unfit(name, f"holds values of the type {kinds[0]}", fix)


def unfit(name: str, what: str, fix: str) -> PackError:
    """The error for a column that is not supported."""
    return PackError("E304", f"The column {what}.", where=f"column {name!r:.80}", fix=fix)


def as_numbers(values: Values, kind: Any = np.float64) -> Any:
    """Plain values as a new array of floats, NaN where missing."""
    if isinstance(values, NumberValues):
        return values.array.astype(kind)
    # NumPy itself reads None as NaN when the dtype is a float.
    return np.array(values, dtype=np.float64).astype(kind, copy=False)


def _numbers(name: str, raw: Any, known: tuple[Any, ...] | None, native: Any) -> Column:
    dtypes: dict[str, DType] = {"f": "float64", "i": "int64", "u": "int64", "b": "bool"}
    dtype: DType = "float32" if raw.dtype == np.float32 else dtypes[raw.dtype.kind]
    # A copy: some models change the rows that they are given.
    plain = raw.astype(np.float64) if raw.dtype.kind == "f" and raw.dtype != np.float32 else raw.copy()
    if raw.dtype.kind in "iu" and len(raw):
        _check_whole(name, (int(raw.min()), int(raw.max())))
    return Column(name, dtype, NumberValues(plain), math.nan, known, native)


def plain(value: Any) -> Any:
    """A NumPy scalar as a Python object."""
    return str(value) if isinstance(value, str) else value.item() if isinstance(value, np.generic) else value


def picked(columns: Mapping[str, Values], keep: npt.NDArray[np.bool_]) -> dict[str, Values]:
    """The rows of columns for which the mask `keep` (N,) is true."""
    flags = keep.tolist()
    return {
        name: NumberValues(values.array[keep])
        if isinstance(values, NumberValues)
        else [v for v, good in zip(values, flags, strict=True) if good]
        for name, values in columns.items()
    }


def _check_whole(name: str, values: Sequence[Any]) -> None:
    if any(abs(int(value)) > _MOST_WHOLE for value in values):
        raise unfit(
            name,
            "holds whole numbers beyond 2**53, which float64 does not represent exactly",
            "Leave the column out if it is a key, or turn it into strings or into smaller numbers.",
        )


def _check_texts(name: str, values: Sequence[str]) -> None:
    for value in set(values):
        if "\0" in value or not is_unicode(value):
            raise unfit(
                name,
                "holds strings with U+0000 or with half of a surrogate pair",
                "Remove such characters: other programs and file formats do not preserve them.",
            )
