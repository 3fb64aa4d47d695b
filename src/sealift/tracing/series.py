"""`Series`: a column of a pandas data frame in a trace. Its reductions and look-ups skip missing values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from sealift.graph.tensor import Tensor
from sealift.tracing.array import Array, Memory, pandas_class
from sealift.tracing.unsupported import UnsupportedOperation, rows_at_once

ALTERNATIVES = {
    "apply": "Use NumPy's functions on the whole column: np.log(s) in place of s.apply(math.log).",
    "dt": "Let the column hold dates (pd.to_datetime) before the model, in training too.",
    "cat": "Give categories to OneHotEncoder or OrdinalEncoder.",
}
ACROSS_ROWS = {
    "shift", "rolling", "expanding", "ewm", "rank", "diff", "pct_change", "ffill", "bfill", "interpolate", "cumsum",
    "cummax", "cummin", "cumprod", "groupby", "sort_values", "sort_index", "head", "tail", "sample", "dropna",
    "drop_duplicates", "duplicated", "value_counts", "unique", "nunique", "quantile", "describe", "mode", "query",
    "merge", "join", "corr", "resample", "iterrows", "itertuples", "tolist", "to_list", "to_dict", "factorize",
}  # fmt: skip

SERIES_METHODS: dict[str, Callable[..., Any]] = {}
"""The methods of pandas' columns, which `series_methods` registers: name → function of the series, arguments."""
SERIES_PROPERTIES: dict[str, Callable[[Any], Any]] = {}
"""The accessors of pandas' columns, by name."""


class Series(Array):
    """A vector with the name of its column.

    `nullable` is whether pandas holds it in a type of its own (`Int64`); `masked`, whether it holds whole numbers of
    such a type as floats, NaN where missing.
    """

    def __init__(
        self,
        tensor: Tensor,
        name: Any = None,
        missing: Tensor | None = None,
        memory: Memory | None = None,
        *,
        narrow: np.dtype[Any] | None = None,
        nullable: bool = False,
    ) -> None:
        super().__init__(tensor, missing, memory, narrow=narrow)
        self.name = name
        self.nullable = nullable
        self.masked = False

    @property
    def __class__(self) -> type:
        return pandas_class("series", "Series") or Series

    @__class__.setter
    def __class__(self, kind: type) -> None:
        raise TypeError("the class of a placeholder cannot be set")

    def copy(self, *_: Any, **__: Any) -> Series:
        """The same values in a memory of their own."""
        return Series(self.tensor(), self.name, self.missing, narrow=self.narrow, nullable=self.nullable)

    def __getattr__(self, name: str) -> Any:
        known = SERIES_METHODS.get(name)
        if known is not None:
            return partial(known, self)
        if name in SERIES_PROPERTIES:
            return SERIES_PROPERTIES[name](self)
        if name in ALTERNATIVES or name in ACROSS_ROWS:
            raise unsupported_method(name, "a column")
        return super().__getattr__(name)


def unsupported_method(name: str, kind: str) -> UnsupportedOperation:
    """The error for a method of pandas that is not supported."""
    if name in ACROSS_ROWS:
        return rows_at_once(f".{name} of {kind}")
    return UnsupportedOperation(f"it uses .{name} of {kind}, which is not traced", ALTERNATIVES[name])
