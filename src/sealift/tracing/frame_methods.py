"""The methods of pandas' data frames that a trace follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sealift.graph.table import Table
from sealift.tracing.array import is_array, unsupported_attribute
from sealift.tracing.frame import FRAME_METHODS, FRAME_PROPERTIES, Frame, across, is_frame
from sealift.tracing.frame_columns import dropped, matching, with_column
from sealift.tracing.integers import by_pandas
from sealift.tracing.series import Series
from sealift.tracing.series_methods import OPERATORS, among, bounded, chosen, filled, isna
from sealift.tracing.unsupported import UnsupportedOperation

_REDUCTIONS = ("sum", "mean", "min", "max", "std", "var", "prod", "any", "all", "median")


def _assign(frame: Frame, **columns: Any) -> Frame:
    result = Frame(frame.table)
    for name, value in columns.items():
        result[name] = value(result) if callable(value) and not is_array(value) else value
    return result


def _drop(
    frame: Frame, labels: Any = None, *, axis: Any = 0, columns: Any = None, inplace: bool = False, **_: Any
) -> Any:
    if columns is None and axis not in (1, "columns"):
        raise UnsupportedOperation("it drops rows", "Every row needs an answer.")
    names = labels if columns is None else columns
    return _settled(frame, dropped(frame.table, [names] if isinstance(names, str) else list(names)), inplace)


def _rename(
    frame: Frame, mapper: Any = None, *, columns: Any = None, axis: Any = 0, inplace: bool = False, **_: Any
) -> Any:
    names = columns if columns is not None else mapper if axis in (1, "columns") else {}
    change = names if callable(names) else lambda name: names.get(name, name)
    return _settled(frame, frame.table.named([str(change(name)) for name in frame.table.names]), inplace)


def _settled(frame: Frame, table: Table, inplace: bool) -> Frame | None:
    if not inplace:
        return Frame(table)
    frame.__dict__["table"] = table
    return None


def _fillna(frame: Frame, value: Any = None, *, inplace: bool = False, **rest: Any) -> Any:
    if value is None or any(option is not None for option in rest.values()):
        raise UnsupportedOperation("it fills gaps from other rows", "Fill with a number, or use SimpleImputer.")
    if isinstance(value, Mapping):
        table = frame.table
        for name, instead in value.items():
            if name in table.names:
                table = with_column(table, name, frame[name].fillna(instead))
        return _settled(frame, table, inplace)
    strings = isinstance(value, str)
    return _settled(
        frame, frame.each(lambda x: filled(x, value) if (x.missing is not None) == strings else x).table, inplace
    )


def _astype(frame: Frame, dtype: Any, **_: Any) -> Frame:
    if isinstance(dtype, Mapping):
        return _assign(frame, **{name: frame[name].astype(kind) for name, kind in dtype.items()})
    return frame.each(lambda x: x.astype(dtype))


def _apply(frame: Frame, function: Any, axis: Any = 0, **kwargs: Any) -> Frame:
    if axis not in (0, "index"):
        raise UnsupportedOperation("it applies a function to each row", "Combine whole columns: df['a'] / df['b'].")
    if isinstance(function, np.ufunc):
        return function(frame)  # type: ignore[no-any-return]
    return _assign(frame, **{name: function(frame[name], **kwargs) for name in frame.table.names})


def _operation(name: str) -> Callable[..., Any]:
    def run(frame: Frame, other: Any, axis: Any = "columns", level: Any = None, fill_value: Any = None) -> Any:
        if fill_value is not None or level is not None:
            raise UnsupportedOperation(f"it uses fill_value= or level= of .{name}", "Write df.fillna(0) first.")
        if is_array(other) and other.ndim == 1:
            if axis not in (0, "index"):
                raise UnsupportedOperation(f"it matches a column with the column names in .{name}", "Give axis=0.")
            column = other[:, None]
            return frame.each(
                lambda x: _divided(OPERATORS[name], x, column, nullable=getattr(other, "nullable", False))
            )
        return OPERATORS[name](frame, other)

    return run


def _divided(function: Any, x: Any, column: Any, *, nullable: bool) -> Any:
    return by_pandas(function, [x, column], function(x, column), nullable=nullable)


def _reduction(name: str) -> Callable[..., Any]:
    def run(frame: Frame, axis: Any = 0, skipna: bool = True, **rest: Any) -> Any:
        if {key for key, value in rest.items() if value not in (None, False, 0)} - {"ddof"}:
            raise UnsupportedOperation(f"it calls .{name} with rare arguments", "Leave them out.")
        return across(frame, name, axis, skipna=skipna, ddof=rest.get("ddof", 1))

    return run


def _map(frame: Frame, function: Any, **_: Any) -> Frame:
    if isinstance(function, np.ufunc):
        return function(frame)  # type: ignore[no-any-return]
    raise UnsupportedOperation(
        "it maps a Python function over single values", "Use NumPy's functions on the whole frame."
    )


def _clip(
    frame: Frame, lower: Any = None, upper: Any = None, *, a_min: Any = None, a_max: Any = None, **rest: Any
) -> Frame:
    """`df.clip(lower, upper)`, and `np.clip(df, a_min=…, a_max=…)`."""
    low = next((value for value in (lower, a_min, rest.pop("min", None)) if value is not None), None)
    high = next((value for value in (upper, a_max, rest.pop("max", None)) if value is not None), None)
    return frame.each(lambda x: bounded(x, low, high, **rest))


class _Places:
    """`df.loc[:, names]` and `df.iloc[:, numbers]`."""

    def __init__(self, frame: Frame, by_name: bool) -> None:
        self._frame = frame
        self._by_name = by_name

    def _names(self, key: Any) -> Any:
        if not isinstance(key, tuple) or len(key) != 2 or key[0] != slice(None):
            raise UnsupportedOperation("it picks single rows", "Pick columns: df.loc[:, ['a', 'b']].")
        names = list(self._frame.table.names)
        if not self._by_name:
            result: Any = np.array(names, dtype=object)[key[1]]
            return list(result) if np.ndim(result) else result
        if isinstance(key[1], slice):
            start = 0 if key[1].start is None else names.index(key[1].start)
            stop = len(names) if key[1].stop is None else names.index(key[1].stop) + 1
            return names[start:stop]
        if np.asarray(key[1]).dtype == np.bool_:
            return [name for name, wanted in zip(names, key[1], strict=True) if wanted]
        return key[1]

    def __getitem__(self, key: Any) -> Any:
        return self._frame[self._names(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(key, tuple) and len(key) == 2 and is_array(key[0]) and isinstance(key[1], str) and self._by_name:
            self._frame[key[1]] = chosen(self._frame[key[1]], key[0], value, keep=False)
            return
        self._frame[self._names(key)] = value


def _insert(frame: Frame, loc: int, column: str, value: Any, **_: Any) -> None:
    names = list(frame.table.names)
    frame[column] = value
    frame.__dict__["table"] = frame.picked([*names[:loc], column, *names[loc:]]).table


def _pop(frame: Frame, name: str) -> Series:
    result = frame[name]
    del frame[name]
    return result  # type: ignore[no-any-return]


def _chosen(frame: Frame, condition: Any, other: Any, *, keep: bool) -> Frame:
    if callable(condition) and not is_frame(condition):
        condition = condition(frame)
    if not is_frame(condition) or np.ndim(other):
        raise UnsupportedOperation(
            "it chooses by something else than a frame of conditions", "Write df.where(df > 0, 0)."
        )
    names = frame.table.names
    if condition.table.names != names:
        raise unsupported_attribute("a data frame", "where", "Give a condition with the same columns.")
    return _assign(frame, **{name: chosen(frame[name], condition[name], other, keep=keep) for name in names})


FRAME_METHODS.update(
    {
        "abs": lambda df: df.each(np.abs),
        "add_prefix": lambda df, prefix: Frame(df.table.named([f"{prefix}{name}" for name in df])),
        "add_suffix": lambda df, suffix: Frame(df.table.named([f"{name}{suffix}" for name in df])),
        "apply": _apply,
        "applymap": _map,
        "assign": _assign,
        "astype": _astype,
        "clip": _clip,
        "copy": lambda df, **_: Frame(df.table),
        "drop": _drop,
        "fillna": _fillna,
        "filter": lambda df, items=None, like=None, regex=None, **_: df.picked(
            matching(df.table.names, items, like, regex)
        ),
        "get": lambda df, name, default=None: df[name] if name in df else default,  # noqa: SIM401 - this is get
        "insert": _insert,
        "isin": lambda df, values: df.each(lambda x: among(x, values)),
        "isna": lambda df: df.each(isna),
        "isnull": lambda df: df.each(isna),
        "items": lambda df: ((name, df[name]) for name in df),
        "keys": lambda df: df.columns,
        "map": _map,
        "mask": lambda df, condition, other=np.nan: _chosen(df, condition, other, keep=False),
        "notna": lambda df: df.each(lambda x: ~isna(x)),
        "notnull": lambda df: df.each(lambda x: ~isna(x)),
        "pipe": lambda df, function, *args, **kwargs: function(df, *args, **kwargs),
        "pop": _pop,
        "reindex": lambda df, *, columns: df[list(columns)],
        "rename": _rename,
        "round": lambda df, decimals=0: df.each(lambda x: np.round(x, decimals)),
        "to_pandas": lambda df, **_: Frame(df.table),  # of polars
        "where": lambda df, condition, other=np.nan: _chosen(df, condition, other, keep=True),
        **{name: _operation(name) for name in OPERATORS},
        **{name: _reduction(name) for name in _REDUCTIONS},
    }
)
FRAME_PROPERTIES.update(
    {
        "iloc": lambda df: _Places(df, by_name=False),
        "loc": lambda df: _Places(df, by_name=True),
        "values": lambda df: df.to_numpy(),
    }
)
