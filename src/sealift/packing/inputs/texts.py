"""X as one column of strings: a list, a one-dimensional array or a series, as text vectorizers take it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sealift.contract import MISSING_WORDS
from sealift.contract.values import DEFAULT_STRING_MISSING
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Column, Values, column_of

_NAME = "text"


def is_text_list(X: Any) -> bool:
    """Whether X is one column of strings."""
    if isinstance(X, list | tuple):
        return bool(X) and all(isinstance(value, str) or value is None for value in X)
    if isinstance(X, np.ndarray):
        return X.ndim == 1 and X.dtype.kind in "OUT"
    return hasattr(X, "to_list") and hasattr(X, "dtype") and not hasattr(X, "columns")


def read_strings(X: Any) -> InputRows:
    """Read one column of strings, named as the series is or "text". Raises PackError E304."""
    values = X if isinstance(X, list | tuple) else X.tolist() if isinstance(X, np.ndarray) else X.to_list()
    raw = np.empty(len(values), dtype=object)
    raw[:] = values
    given = getattr(X, "name", None)
    native = X.dtype if hasattr(X, "iloc") else None
    column = column_of(str(given) if given not in (None, "") else _NAME, raw, native=native)
    wrap = _wrapper(X)

    def build(rows: Mapping[str, Values]) -> Any:
        return wrap([column.null if value is None else value for value in rows[column.name]])

    return InputRows((column,), X, build, missing_as=_missing_as(X, column))


def _missing_as(X: Any, column: Column) -> tuple[str, ...]:
    """Which cells of a text file are missing strings; none for a list without missing values."""
    if hasattr(X, "iloc"):
        return MISSING_WORDS
    return DEFAULT_STRING_MISSING if None in column.values else ()


def _wrapper(X: Any) -> Callable[[list[Any]], Any]:
    """A function from a list to the type of X."""
    if isinstance(X, list | tuple):
        return type(X)
    if isinstance(X, np.ndarray):
        return lambda values: np.array(values, dtype=X.dtype if X.dtype.kind == "T" else object)
    if hasattr(X, "iloc"):
        return lambda values: type(X)(values, name=X.name, dtype=X.dtype)
    return lambda values: type(X)(X.name, values)
