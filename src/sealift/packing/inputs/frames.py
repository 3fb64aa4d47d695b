"""Read pandas and polars data frames, and build rows with the same dtypes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from sealift.contract import MISSING_WORDS
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import (
    SPANS,
    ZONES,
    Column,
    Values,
    as_numbers,
    column_of,
    readable,
    times_of,
    unfit,
)
from sealift.packing.inputs.dates import as_datetimes, as_objects


def read_pandas(frame: Any) -> InputRows:
    """A pandas data frame whose column names are unique."""
    every = [(str(label), frame.iloc[:, i]) for i, label in enumerate(frame.columns)]
    columns = tuple(readable(n, s, s.dtype, partial(_pandas_column, n, s)) for n, s in every)
    kinds = {column.native for column in columns if isinstance(column.native, np.dtype)}
    plain = len(kinds) == 1 and all(isinstance(c.native, np.dtype) and c.native in _FLOATS for c in columns)

    def build(rows: Mapping[str, Values]) -> Any:
        import pandas

        if plain:  # thousands of columns as one block, not one by one
            block = np.array([as_numbers(rows[column.name], column.native) for column in columns]).T
            return pandas.DataFrame(block, columns=frame.columns)
        result = pandas.concat([_pandas_series(pandas, column, rows[column.name]) for column in columns], axis=1)
        result.columns = frame.columns
        return result

    return InputRows(columns, frame, build, missing_as=MISSING_WORDS)


def read_polars(frame: Any) -> InputRows:
    """A polars data frame."""
    import polars

    columns = tuple(readable(s.name, s, s.dtype, partial(_polars_column, polars, s)) for s in frame.get_columns())

    def build(rows: Mapping[str, Values]) -> Any:
        return polars.DataFrame([_polars_series(polars, column, rows[column.name]) for column in columns])

    return InputRows(columns, frame, build)


_PERIODS = "Turn it into dates, in training too: X['month'] = X['month'].dt.to_timestamp()."
_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


def _pandas_column(name: str, series: Any) -> Column:
    native = series.dtype
    known = None
    if _is_sparse(native):
        return dataclasses.replace(_pandas_column(name, series.sparse.to_dense()), native=native)
    if hasattr(native, "categories"):
        known = tuple(native.categories.tolist())
        series = series.astype(object)
    if getattr(native, "tz", None) is not None or (str(native).startswith("timestamp") and "tz=" in str(native)):
        raise unfit(name, f"holds {native}, times of a time zone", ZONES)
    if str(native).startswith(("timedelta", "duration", "period")):
        raise unfit(name, f"holds {native}", SPANS if not str(native).startswith("period") else _PERIODS)
    if native.kind == "M" and isinstance(native, np.dtype):
        return times_of(name, series.to_numpy(), native)
    if series.dtype.kind not in "fiub":
        column = column_of(name, series.to_numpy(dtype=object), known=known, native=native)
        # Arrow's dates are converted to Python objects, but the column is not one of objects.
        return dataclasses.replace(column, native=native) if hasattr(native, "pyarrow_dtype") else column
    if getattr(native, "numpy_dtype", None) in _FLOATS and not isinstance(native, np.dtype):
        # scikit-learn converts nullable floats to float64, even Float32.
        return column_of(name, series.to_numpy(dtype=np.float64, na_value=math.nan), native=native)
    column = column_of(name, series.to_numpy(), known=known, native=native)
    if not column.type.is_whole and column.type.is_plain and series.dtype.kind in "iu":
        # Nullable integers with missing values, which pandas converts to floats.
        values = [None if value is None else int(value) for value in column.values]
        return Column(column.name, "int64", values, column.null, known, native)
    return column


def _is_sparse(native: Any) -> bool:
    return hasattr(native, "subtype") and hasattr(native, "fill_value")


def _pandas_series(pandas: Any, column: Column, values: Values) -> Any:
    native, null = column.native, column.null
    if column.unfit is not None:
        return pandas.Series(list(values), dtype=native)
    if column.type.stands_for:
        if isinstance(native, type):
            return pandas.Series(as_objects(values, native, null), dtype=object)
        if isinstance(native, np.dtype):
            return pandas.Series(as_datetimes(values, native))
        return pandas.Series(as_datetimes(values, np.dtype("M8[us]"))).astype(native)
    if _is_sparse(native):
        dense = _pandas_series(pandas, dataclasses.replace(column, native=native.subtype), values)
        # With a missing value, integers become floats, and booleans a dtype that no sparse column can have.
        return dense.astype(native) if dense.dtype == native.subtype else dense
    if hasattr(native, "categories"):
        extra = sorted({value for value in values if value is not None} - set(column.known or ()), key=str)
        kind = pandas.CategoricalDtype([*native.categories, *extra], ordered=native.ordered)
        return pandas.Series(pandas.Categorical(list(values), dtype=kind))
    filled = [null if value is None else value for value in values]
    if column.type.feeds == "text":
        if hasattr(native, "pyarrow_dtype"):  # Arrow has no NaN among strings
            filled = [pandas.NA if value is None else value for value in values]
        return pandas.Series(filled, dtype=native)
    gaps = any(value is None for value in values)
    if not isinstance(native, np.dtype):
        return pandas.Series(pandas.array([pandas.NA if v is None else v for v in values], dtype=_wide(native, values)))
    if native.kind == "O" or (native.kind == "b" and gaps):
        return pandas.Series(filled, dtype=object)
    if native.kind == "b":
        return pandas.Series(list(values)).astype(bool)
    if native.kind == "f" or gaps:
        return pandas.Series(as_numbers(values, native if native in _FLOATS else np.float64))
    return pandas.Series(np.array(values).astype(native if _fits(native, values) else np.int64))


def _wide(native: Any, values: Values) -> Any:
    """A nullable dtype, or the widest one of its kind if an integer is too large for it."""
    arrow = "pyarrow" in str(native)
    if native.kind == "f":
        return "float64[pyarrow]" if arrow else "Float64"
    if native.kind not in "iu":
        return native
    numeric = np.dtype(getattr(native, "numpy_dtype", np.int64))
    if _fits(numeric, values):
        return native
    return "int64[pyarrow]" if arrow else "Int64"


def _fits(kind: Any, values: Values) -> bool:
    limits = np.iinfo(kind)
    return all(value is None or limits.min <= int(value) <= limits.max for value in values)


def _polars_column(polars: Any, series: Any) -> Column:
    native = series.dtype
    if getattr(native, "time_zone", None):
        raise unfit(series.name, f"holds {native}, times of a time zone", _POLARS_ZONES)
    if native in (polars.Date, polars.Datetime):
        return times_of(series.name, series.to_numpy(), native, None)
    if native.is_temporal():
        raise unfit(series.name, f"holds {native}", _POLARS_SPANS)
    if native == polars.Null:
        return Column(series.name, "float64", [None] * len(series), math.nan, native=native)
    if native.is_float():
        # scikit-learn computes with polars' Float32 in float64.
        plain = series.cast(polars.Float64).fill_null(math.nan).to_numpy()
        column = column_of(series.name, plain, native=polars.Float64())
        return Column(column.name, column.dtype, column.values, None, native=column.native)
    raw = np.empty(len(series), dtype=object)
    raw[:] = series.to_list()
    known = tuple(native.categories.to_list()) if isinstance(native, polars.Enum) else None
    column = column_of(series.name, raw, known=known, native=native)
    dtype = "int64" if native.is_integer() else "bool" if native == polars.Boolean else column.dtype
    return Column(column.name, dtype, column.values, None, known, native)


def _polars_series(polars: Any, column: Column, values: Values) -> Any:
    native = column.native
    if column.unfit is not None:
        return polars.Series(column.name, list(values), dtype=native)
    if column.type.stands_for:
        times = polars.Series(column.name, as_datetimes(values, np.dtype("M8[us]")))
        return times.cast(native if native == polars.Datetime or column.type.has_days else times.dtype)
    if native == polars.Null:
        return polars.Series(column.name, list(values), dtype=polars.Float64 if any(values) else native)
    if column.type.feeds == "text":
        # An Enum cannot contain other values.
        unseen = column.known is not None and not set(values) <= {*column.known, None}
        return polars.Series(column.name, list(values), dtype=polars.String if unseen else native)
    if native.is_integer():
        whole = [None if value is None else int(value) for value in values]
        kind = np.dtype(str(native).lower()) if str(native).lower() in _WHOLE else np.dtype(np.int64)
        return polars.Series(column.name, whole, dtype=native if _fits(kind, whole) else polars.Int64)
    if native == polars.Boolean:
        return polars.Series(column.name, [None if v is None else bool(v) for v in values], dtype=native)
    return polars.Series(column.name, [None if v is None else float(v) for v in values], dtype=native)


_POLARS_ZONES = (
    "Convert the column to one time zone and remove the zone, in training too: "
    'pl.col("when").dt.convert_time_zone("UTC").dt.replace_time_zone(None).'
)
_POLARS_SPANS = (
    "Give it as a number instead, in training too: (pl.col('end') - pl.col('start')).dt.total_days(), "
    "or hours since midnight."
)
_WHOLE = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
