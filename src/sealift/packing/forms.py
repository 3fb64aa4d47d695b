"""The caller's X: its columns as plain values, and other rows in the same form, so that the original can answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from sealift.contract import DType, as_table, is_missing
from sealift.errors import FileError, PackError

Values: TypeAlias = Sequence[float | str | bool | None]


@dataclass(frozen=True)
class Column:
    """One column of X.

    Attributes:
        name: its name.
        dtype: its type in the contract.
        values: plain values, None where missing.
        null: what a missing text is in X, None or NaN.
        known: the values a categorical type declares, else None.
        native: the type in the caller's own library.
    """

    name: str
    dtype: DType
    values: Values
    null: float | None
    known: tuple[Any, ...] | None = None
    native: Any = None


@dataclass(frozen=True)
class Form:
    """How the caller holds rows.

    Attributes:
        columns: the columns of X.
        rows: X itself, as the original can answer it.
        build: column name → values, to rows of the same form.
    """

    columns: tuple[Column, ...]
    rows: Any
    build: Callable[[Mapping[str, Values]], Any] = field(repr=False)

    @property
    def nulls(self) -> dict[str, float | None]:
        """What a missing text is, by column name."""
        return {column.name: column.null for column in self.columns}

    def __len__(self) -> int:
        return len(self.columns[0].values)


def form_of(X: Any, model: Any = None) -> Form:
    """Recognise X: a pandas or polars data frame, a 2-d NumPy array, or a list of dicts.

    Raises:
        PackError: E304 when a column mixes types or has one that cannot be carried, E305 when X is no table.
    """
    if isinstance(X, list | tuple) and X and all(isinstance(row, Mapping) for row in X):
        X = _pandas().DataFrame(list(X))
    if isinstance(X, Mapping):
        X = _pandas().DataFrame(dict(X))
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        form = _pandas_form(X)
    elif hasattr(X, "get_columns"):
        form = _polars_form(X)
    else:
        form = _array_form(X)
    if not form.columns or not len(form):
        raise PackError(
            "E305", "X has no rows or no columns.", fix="Give the rows that the model is to be verified with."
        )
    wanted = getattr(model, "n_features_in_", None)
    if isinstance(wanted, int) and wanted != len(form.columns):
        raise PackError(
            "E305",
            f"X has {len(form.columns)} columns, but the model was fitted on {wanted}.",
            fix="Give X with the very columns that the model was fitted on, without the target.",
        )
    return form


def _pandas_form(frame: Any) -> Form:
    names = [str(name) for name in frame.columns]
    _check_unique(names)
    columns = tuple(_pandas_column(name, frame.iloc[:, i]) for i, name in enumerate(names))
    labels = list(frame.columns)

    def build(rows: Mapping[str, Values]) -> Any:
        pandas = _pandas()
        series = [_pandas_series(pandas, column, rows[column.name]) for column in columns]
        result = pandas.concat(series, axis=1)
        result.columns = labels
        return result

    return Form(columns, frame, build)


def _pandas_column(name: str, series: Any) -> Column:
    native = series.dtype
    known = None
    if hasattr(native, "categories"):
        known = tuple(native.categories.tolist())
        series = series.astype(object)
    if str(native).startswith(("datetime", "timedelta", "period")):
        raise _unfit(name, f"holds {native}", "Turn dates into numbers (days, years) before the model sees them.")
    raw = series.to_numpy(dtype=object) if series.dtype.kind not in "fiub" else series.to_numpy()
    return _column(name, raw, known=known, native=native)


def _pandas_series(pandas: Any, column: Column, values: Values) -> Any:
    native, null = column.native, column.null
    if hasattr(native, "categories"):
        extra = sorted({value for value in values if value is not None} - set(column.known or ()), key=str)
        kind = pandas.CategoricalDtype([*native.categories, *extra], ordered=native.ordered)
        return pandas.Series(pandas.Categorical(list(values), dtype=kind))
    if column.dtype == "string":
        filled = [null if value is None else value for value in values]
        return pandas.Series(filled, dtype=native)
    if isinstance(native, np.dtype):
        gaps = any(value is None for value in values)
        if native.kind == "f":
            return pandas.Series([math.nan if v is None else float(v) for v in values], dtype=native)
        if native.kind == "O" or (native.kind == "b" and gaps):
            return pandas.Series([null if value is None else value for value in values], dtype=object)
        if gaps:
            return pandas.Series([math.nan if v is None else float(v) for v in values], dtype="float64")
        return pandas.Series(list(values)).astype(native)
    return pandas.Series(pandas.array([pandas.NA if value is None else value for value in values], dtype=native))


def _polars_form(frame: Any) -> Form:
    import polars

    columns = tuple(_polars_column(column) for column in frame.get_columns())

    def build(rows: Mapping[str, Values]) -> Any:
        return polars.DataFrame(
            {c.name: polars.Series(c.name, list(rows[c.name]), dtype=c.native, strict=False) for c in columns}
        )

    return Form(columns, frame, build)


def _polars_column(series: Any) -> Column:
    if series.dtype.is_temporal():
        raise _unfit(series.name, f"holds {series.dtype}", "Turn dates into numbers before the model sees them.")
    raw = np.empty(len(series), dtype=object)
    raw[:] = series.to_list()
    found = _column(series.name, raw, native=series.dtype)
    if series.dtype.is_integer() and found.dtype == "float64":
        found = Column(found.name, "int64", found.values, found.null, native=found.native)
    return Column(found.name, found.dtype, found.values, None, native=found.native)


def _array_form(X: Any) -> Form:
    table = as_table(X)
    if isinstance(table, Mapping):
        raise PackError("E305", "X is no data frame and no array.", fix="Give a data frame or a 2-d NumPy array.")
    array = np.asarray(table)
    columns = tuple(_column(f"x{i}", array[:, i], native=array.dtype) for i in range(array.shape[1]))

    def build(rows: Mapping[str, Values]) -> Any:
        if array.dtype.kind in "fiub":
            kind = array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
            return np.column_stack(
                [np.array([math.nan if v is None else v for v in rows[c.name]], kind) for c in columns]
            )
        result = np.empty((len(next(iter(rows.values()))), len(columns)), dtype=object)
        for i, column in enumerate(columns):
            result[:, i] = [column.null if value is None else value for value in rows[column.name]]
        return result

    return Form(columns, array, build)


def _column(name: str, raw: Any, *, known: tuple[Any, ...] | None = None, native: Any = None) -> Column:
    if raw.dtype.kind in "fiub":
        dtypes: dict[str, DType] = {"f": "float64", "i": "int64", "u": "int64", "b": "bool"}
        dtype = "float32" if raw.dtype == np.float32 else dtypes[raw.dtype.kind]
        if raw.dtype.kind == "f":
            values: Values = [None if math.isnan(value) else value for value in raw.tolist()]
        else:
            values = raw.tolist()
        return Column(name, dtype, values, math.nan, known, native)
    missing = [is_missing(value) for value in raw]
    present = [value for value, gone in zip(raw, missing, strict=True) if not gone]
    null = None if any(value is None for value in raw) else math.nan
    values = [None if gone else _plain(value) for value, gone in zip(raw, missing, strict=True)]
    pool = list(known) if known else present
    if all(isinstance(value, str) for value in pool):
        return Column(name, "string", values, null, known, native)
    if all(isinstance(value, bool | np.bool_) for value in pool):
        return Column(name, "bool", values, null, known, native)
    if all(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in pool):
        whole = all(isinstance(value, int | np.integer) for value in pool)
        return Column(name, "int64" if whole else "float64", values, null, known, native)
    kinds = sorted({type(value).__name__ for value in pool})
    raise _unfit(
        name,
        f"mixes values of the types {', '.join(kinds)}" if len(kinds) > 1 else f"holds values of the type {kinds[0]}",
        "Let a column hold numbers, texts or booleans, and NaN or None where a value is missing.",
    )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value.item() if isinstance(value, np.generic) else value


def _check_unique(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise PackError("E304", f"X has two columns {name!r:.80}.", fix="Give every column its own name.")


def _unfit(name: str, what: str, fix: str) -> PackError:
    return PackError("E304", f"The column {what}.", where=f"column {name!r:.80}", fix=fix)


def _pandas() -> Any:
    try:
        import pandas
    except ImportError:
        raise FileError(
            "E405",
            "Rows as dicts are handed to the model as a pandas data frame, and pandas is not installed.",
            fix="Install it (pip install pandas), or give X as a NumPy array.",
        ) from None
    return pandas
