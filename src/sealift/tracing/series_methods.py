"""The methods of pandas' columns that a trace follows. Reductions and look-ups skip missing values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from sealift.contract import is_missing
from sealift.graph.builder import Tensor, where
from sealift.graph.categories import codes, translate
from sealift.graph.edited_strings import EditedStrings, edited
from sealift.graph.table import Block
from sealift.tracing import methods
from sealift.tracing.array import Array, is_array
from sealift.tracing.frame import Frame
from sealift.tracing.numpy_functions import choose, clip, isin, rounded
from sealift.tracing.recording import table_of
from sealift.tracing.reduce import reduce
from sealift.tracing.series import ALTERNATIVES, SERIES_METHODS, SERIES_PROPERTIES, Series, unsupported_method
from sealift.tracing.ufuncs import wrapped
from sealift.tracing.unsupported import UnsupportedOperation

OPERATORS = {
    "add": np.add, "sub": np.subtract, "subtract": np.subtract, "mul": np.multiply, "multiply": np.multiply,
    "div": np.divide, "divide": np.divide, "truediv": np.divide, "floordiv": np.floor_divide, "mod": np.remainder,
    "pow": np.power, "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal,
}  # fmt: skip
"""The methods of columns and data frames that are operators."""
_REDUCTIONS = ("sum", "mean", "min", "max", "std", "var", "median", "prod", "any", "all", "idxmax", "idxmin")


def isna(array: Array) -> Array:
    """Where a value is missing."""
    if array.missing is not None:
        return Array(array.missing)
    return np.isnan(array) if array.dtype.kind == "f" else array != array  # type: ignore[return-value]  # noqa: PLR0124


def filled(array: Array, value: Any) -> Array:
    """Another value where one is missing."""
    if array.missing is None:
        return choose(isna(array), value, array)  # type: ignore[no-any-return]
    if not isinstance(value, str):
        raise UnsupportedOperation("it fills strings with a number", "Fill strings with a string.")
    source = edited(array.tensor(), array.missing)
    if source is not None:
        return _filled(source, array, value)
    return Array(where(array.missing, np.array(value, dtype=object), array.tensor()), array.missing & _never(array))


def _filled(source: EditedStrings, array: Array, value: str) -> Array:
    """A column of strings that is a field, perhaps edited: what edits follow apply to `value` too."""
    assert array.missing is not None
    plain = None
    if not source.edits and source.instead is None:
        plain = where(array.missing, np.array(value, dtype=object), array.tensor())
    instead = value if source.instead is None else source.instead
    filled_in = EditedStrings(source.graph, source.field, source.edits, source.missing, instead, plain=plain)
    return Array(filled_in, array.missing & _never(array))


def _never(array: Array) -> Tensor:
    assert array.missing is not None
    return array.missing.graph.constant(np.array(False))


def looked_up(array: Array, table: Any) -> Array:
    """`s.map({…})`: the number for each value, NaN for all others."""
    if isinstance(table, np.ufunc):
        return table(array)  # type: ignore[no-any-return]
    if not isinstance(table, Mapping) or not table:
        raise UnsupportedOperation("it maps a Python function over the values", ALTERNATIVES["apply"])
    if not all(isinstance(value, int | float | bool | np.number) for value in table.values()):
        raise UnsupportedOperation("it maps values to strings", "Map them to numbers, or give them to OneHotEncoder.")
    block = Block(array.tensor().matrix(), None if array.missing is None else array.missing.matrix(), ("x",))
    result = codes(table_of(block), [list(table)])
    numbers = np.array([*(float(value) for value in table.values()), np.nan])
    return Array(translate(result, [numbers]).column(0))


def among(array: Array, values: Any) -> Array:
    """`s.isin([…])`; a missing value only if it is listed, which NumPy never finds."""
    listed = sorted(values, key=str) if isinstance(values, set | frozenset) else list(values)
    tensor = array.tensor()
    if isinstance(tensor, EditedStrings):
        strings = [value for value in listed if isinstance(value, str)]
        result = Array(tensor.codes(dict.fromkeys(strings, 1), 0).column(0) > 0)
        return result | isna(array) if any(is_missing(value) for value in listed) else result
    missing = [is_missing(value) for value in listed]
    present = [value for value, gone_ in zip(listed, missing, strict=True) if not gone_]
    if not any(missing):
        return isin(array, listed)  # type: ignore[no-any-return]
    return isin(array, present) | isna(array) if present else isna(array)


def _named(function: Callable[..., Array]) -> Callable[..., Series]:
    def run(series: Series, *args: Any, **kwargs: Any) -> Series:
        result = function(series, *args, **kwargs)
        return Series(result.tensor(), series.name, result.missing)

    return run


def _plainly(function: Any, series: Series, other: Any, rest: dict[str, Any]) -> Any:
    fill = rest.pop("fill_value", None)
    if rest:
        raise UnsupportedOperation(f"it uses {', '.join(rest)}= of an operation of pandas", "Use the operator itself.")
    if fill is not None:
        series, other = series.fillna(fill), other.fillna(fill) if is_array(other) else other
    if function in (np.floor_divide, np.remainder) and issubclass(type(other), Series) and _methods_divide_as_numpy():
        return wrapped(function(series.values, other.values).tensor(), [series, other])
    return function(series, other)


@cache
def _methods_divide_as_numpy() -> bool:
    """Whether `a.floordiv(b)` of two columns gives 0 for 1 // 0, unlike `a // b`, as in pandas 3.1."""
    import pandas

    column = pandas.Series([1])
    return bool(column.floordiv(column - 1).iloc[0] == 0)


def chosen(array: Array, condition: Any, other: Any = np.nan, *, keep: bool = True) -> Array:
    """`s.where(condition, other)`, and `s.mask` the other way round."""
    if callable(condition) and not is_array(condition):
        condition = condition(array)
    return choose(condition, *((array, other) if keep else (other, array)))  # type: ignore[no-any-return]


def bounded(array: Array, lower: Any = None, upper: Any = None, **rest: Any) -> Array:
    """`s.clip(lower, upper)`."""
    if set(rest) - {"axis"}:
        raise UnsupportedOperation("it clips in place", "Assign the result.")
    return clip(array, lower, upper)  # type: ignore[no-any-return]


def between(array: Array, left: Any, right: Any, inclusive: str = "both") -> Array:
    """Whether a value lies between two."""
    low = array >= left if inclusive in ("both", "left") else array > left
    high = array <= right if inclusive in ("both", "right") else array < right
    return low & high  # type: ignore[no-any-return]


def _assigned_only(rest: Mapping[str, Any]) -> None:
    if any(value not in (None, False) for value in rest.values()):
        raise UnsupportedOperation(f"it uses {', '.join(rest)}=", "Assign the result: x = x.fillna(0).")


def _fillna(series: Array, value: Any = None, **rest: Any) -> Array:
    _assigned_only(rest)
    if value is None:
        raise unsupported_method("ffill", "a column")
    return filled(series, value)


def _to_frame(series: Series, name: Any = None) -> Any:
    label = series.name if name is None else name
    missing = None if series.missing is None else series.missing.matrix()
    return Frame(table_of(Block(series.tensor().matrix(), missing, (str(label),))))


def _renamed(series: Series, name: Any = None, **_: Any) -> Series:
    return Series(series.tensor(), name, series.missing, narrow=series.narrow, nullable=series.nullable)


def _operation(name: str) -> Callable[..., Any]:
    return lambda series, other, **rest: _plainly(OPERATORS[name], series, other, rest)


def _reduction(name: str) -> Callable[..., Any]:
    return lambda series, *_, **__: reduce(name, Array(series.tensor()), 0)


SERIES_METHODS.update(
    {
        **{name: _operation(name) for name in OPERATORS},
        **{name: _reduction(name) for name in _REDUCTIONS},
        "abs": _named(np.abs),
        "apply": _named(looked_up),
        "astype": _named(methods.astype),
        "between": _named(between),
        "clip": _named(bounded),
        "fillna": _named(_fillna),
        "isin": _named(among),
        "isna": _named(isna),
        "isnull": _named(isna),
        "map": _named(looked_up),
        "mask": _named(lambda s, condition, other=np.nan: chosen(s, condition, other, keep=False)),
        "notna": _named(lambda s: ~isna(s)),
        "notnull": _named(lambda s: ~isna(s)),
        "pipe": lambda s, function, *args, **kwargs: function(s, *args, **kwargs),
        "rename": _renamed,
        "round": _named(rounded),
        "to_frame": _to_frame,
        "to_numpy": lambda s, dtype=None, **_: s.values if dtype is None else s.values.astype(dtype),
        "where": _named(chosen),
    }
)
SERIES_PROPERTIES["values"] = lambda s: Array(s.tensor(), s.missing, narrow=s.narrow)
