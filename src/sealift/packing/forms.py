"""The caller's X: its columns as plain values, and other rows in the same form, so that the original can answer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from sealift.contract import DType, as_table, is_missing
from sealift.errors import FileError, PackError

Values: TypeAlias = Sequence[float | str | bool | None]

_MOST_WHOLE = 2**53 - 1


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

    def values(self) -> dict[str, Values]:
        """Column name → plain values."""
        return {column.name: column.values for column in self.columns}

    @property
    def seen(self) -> dict[str, set[Any]]:
        """The distinct values of columns that may hold categories, declared ones included, by column name."""
        kept = (column for column in self.columns if column.dtype in ("string", "int64"))
        return {column.name: {*column.values, *(column.known or ())} - {None} for column in kept}

    def __len__(self) -> int:
        return len(self.columns[0].values)


def form_of(X: Any, model: Any = None) -> Form:
    """Recognise X: a pandas or polars data frame, a 2-d NumPy array, a list of dicts, or one column of texts.

    Columns with names are put into the order of the model's own, if it keeps their names.

    Raises:
        PackError: E304 when a column mixes types or has one that cannot be carried, E305 when X is no table or not
            the model's.
        ContractError: E104 when X is no table.
    """
    from sealift.packing import frames, lists

    X = _as_frame(X)
    if lists.is_text_list(X):
        form = lists.text_form(X)
    elif hasattr(X, "iloc") and hasattr(X, "columns"):
        _check_names([str(name) for name in X.columns], model)
        form = frames.pandas_form(X.iloc[:, _in_order(list(X.columns), model)])
    elif hasattr(X, "get_columns"):
        _check_names(list(X.columns), model)
        form = frames.polars_form(X[:, _in_order(list(X.columns), model)])
    else:
        form = _array_form(X)
    if not form.columns or not len(form):
        raise PackError(
            "E305", "X has no rows or no columns.", fix="Give the rows that the model is to be verified with."
        )
    wanted = getattr(model, "n_features_in_", None)
    if isinstance(wanted, int) and wanted not in (0, len(form.columns)):
        raise _other_columns(f"X has {len(form.columns)} columns, but the model was fitted on {wanted}.")
    return form


def column_of(name: str, raw: Any, *, known: tuple[Any, ...] | None = None, native: Any = None) -> Column:
    """A column out of an array of its values (N,). Raises PackError E304 for values that no contract carries."""
    if raw.dtype.kind == "f" and raw.dtype.itemsize < 4:
        raise unfit(name, f"holds {raw.dtype}", "Give X as float32 or float64, which every computer has.")
    if raw.dtype.kind in "fiub":
        return _numbers(name, raw, known, native)
    missing = [is_missing(value) for value in raw]
    present = [value for value, gone in zip(raw, missing, strict=True) if not gone]
    null = None if any(value is None for value in raw) else math.nan
    values = [None if gone else _plain(value) for value, gone in zip(raw, missing, strict=True)]
    pool = list(known) if known else present
    if all(isinstance(value, str) for value in pool):
        _check_texts(name, pool)
        return Column(name, "string", values, null, known, native)
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
    kinds = sorted({type(value).__name__ for value in pool})
    raise unfit(
        name,
        f"mixes values of the types {', '.join(kinds)}" if len(kinds) > 1 else f"holds values of the type {kinds[0]}",
        "Let a column hold numbers, texts or booleans, and NaN or None where a value is missing.",
    )


def unfit(name: str, what: str, fix: str) -> PackError:
    """The error for a column that cannot be carried."""
    return PackError("E304", f"The column {what}.", where=f"column {name!r:.80}", fix=fix)


def pandas_library() -> Any:
    """pandas. Raises FileError E405 when it is not installed."""
    try:
        import pandas
    except ImportError:
        raise FileError(
            "E405",
            "Rows as dicts are handed to the model as a pandas data frame, and pandas is not installed.",
            fix="Install it (pip install pandas), or give X as a NumPy array.",
        ) from None
    return pandas


def _as_frame(X: Any) -> Any:
    """Dicts as a pandas data frame; other forms as they are. Raises PackError E305 for what only resembles a table."""
    if hasattr(X, "collect_schema") and hasattr(X, "collect"):
        raise PackError("E305", "X is a lazy data frame.", fix="Call .collect() on it first.")
    if hasattr(X, "column_names") and hasattr(X, "to_pandas"):
        raise PackError("E305", "X is a pyarrow table.", fix="Give X.to_pandas(), or what the model was fitted on.")
    if isinstance(X, np.ma.MaskedArray):
        raise PackError("E305", "X is a masked array.", fix="Give X.filled(numpy.nan).")
    if isinstance(X, list | tuple) and X and all(isinstance(row, Mapping) for row in X):
        return pandas_library().DataFrame(list(X))
    if isinstance(X, Mapping):
        columns = {name: [value] if np.ndim(value) == 0 else list(value) for name, value in X.items()}
        if len({len(column) for column in columns.values()}) > 1:
            raise PackError("E305", "The columns of X differ in length.", fix="Give each column one value a row.")
        return pandas_library().DataFrame(columns)
    return X


def _array_form(X: Any) -> Form:
    table = as_table(X)
    if isinstance(table, Mapping):
        raise PackError("E305", "X is no data frame and no array.", fix="Give a data frame or a 2-d NumPy array.")
    array = np.asarray(table)
    columns = tuple(column_of(f"x{i}", array[:, i], native=array.dtype) for i in range(array.shape[1]))

    def build(rows: Mapping[str, Values]) -> Any:
        if array.dtype.kind in "fiub":
            kind = np.dtype(np.float32 if array.dtype == np.float32 else np.float64)
            return np.column_stack([as_numbers(rows[c.name], kind) for c in columns])
        result = np.empty((len(next(iter(rows.values()))), len(columns)), dtype=object)
        for i, column in enumerate(columns):
            result[:, i] = [column.null if value is None else value for value in rows[column.name]]
        return result

    return Form(columns, array, build)


def as_numbers(values: Values, kind: Any = np.float64) -> Any:
    """Plain values as an array of floats, NaN where missing."""
    # NumPy itself reads None as NaN when it is told the type of floats.
    return np.array(values, dtype=np.float64).astype(kind, copy=False)


def _numbers(name: str, raw: Any, known: tuple[Any, ...] | None, native: Any) -> Column:
    dtypes: dict[str, DType] = {"f": "float64", "i": "int64", "u": "int64", "b": "bool"}
    dtype: DType = "float32" if raw.dtype == np.float32 else dtypes[raw.dtype.kind]
    if raw.dtype.kind == "f":
        plain = raw if raw.dtype == np.float32 else raw.astype(np.float64)
        values: Values = [None if value != value else value for value in plain.tolist()]  # noqa: PLR0124 - NaN
    else:
        values = raw.tolist()
    if raw.dtype.kind in "iu" and len(raw):
        _check_whole(name, (int(raw.min()), int(raw.max())))
    return Column(name, dtype, values, math.nan, known, native)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value.item() if isinstance(value, np.generic) else value


def _check_whole(name: str, values: Sequence[Any]) -> None:
    if any(abs(int(value)) > _MOST_WHOLE for value in values):
        raise unfit(
            name,
            "holds whole numbers beyond 2**53, which computers confuse with their neighbours",
            "Leave the column out if it is a key, or turn it into text or into smaller numbers.",
        )


def _check_texts(name: str, values: Sequence[str]) -> None:
    for value in set(values):
        if "\0" in value or not is_unicode(value):
            raise unfit(
                name,
                "holds text with U+0000 or with half of a surrogate pair",
                "Remove such characters: no file carries them from one program to the next.",
            )


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can say the text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_names(names: Sequence[str], model: Any) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise PackError("E304", f"X has two columns {twice[0]!r:.80}.", fix="Give every column its own name.")
    if any(not name or not is_unicode(name) for name in names):
        raise PackError("E304", "X has a column without a readable name.", fix="Give every column a name.")
    wanted = [str(name) for name in getattr(model, "feature_names_in_", ())]
    given, known = set(names), set(wanted)
    lacking = [name for name in wanted if name not in given]
    others = [name for name in names if name not in known] if wanted else []
    if lacking or others:
        told = f"X lacks {_listed(lacking)}" * bool(lacking) + " and " * bool(lacking and others)
        told += ("" if lacking else "X ") + f"has {_listed(others)}" * bool(others)
        raise _other_columns(f"{told}, unlike the rows that the model was fitted on.")


def _in_order(labels: Sequence[Any], model: Any) -> list[int]:
    """The places of X's columns in the order of the model's."""
    wanted = {str(name): i for i, name in enumerate(getattr(model, "feature_names_in_", ()))}
    places = list(range(len(labels)))
    return sorted(places, key=lambda i: wanted[str(labels[i])]) if wanted else places


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"{name!r:.60}" for name in names[:5]) + f" and {len(names) - 5} more" * (len(names) > 5)


def _other_columns(what: str) -> PackError:
    fix = "Give X with the very columns that the model was fitted on, without the target."
    return PackError("E305", what, fix=fix)
