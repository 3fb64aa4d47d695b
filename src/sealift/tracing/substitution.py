"""Functions of NumPy and pandas that follow no protocol, replaced in the user's modules while a trace runs.

`np.asarray(x)`, `np.zeros(len(x))`, `np.c_[…]`, `pd.DataFrame({…})` make arrays and frames in ways that no protocol
covers. So the names `np` and `pd`, and functions imported from them, are bound to replacements during the trace: in
the module of the traced function and in the user's modules that this module refers to (`reachable`). No other module
is changed; the libraries themselves never are.

Threads: traces run one at a time. Another thread that runs code of the same modules during a trace sees the
replacements under these names. They return what the originals return for every argument that is not an array of the
trace, and `isinstance(x, pd.DataFrame)` holds as before. What differs for that thread until the trace ends:
`np is numpy` is False, `pd.DataFrame` cannot be subclassed, and replaced functions cannot be pickled. A name that
another thread binds meanwhile keeps the value that the thread gave it.
"""

from __future__ import annotations

import datetime
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import CellType, ModuleType
from typing import Any

import numpy as np

from sealift.graph.builder import Tensor
from sealift.graph.table import Table
from sealift.tracing import shapes
from sealift.tracing.array import Array, dtype_of, is_array
from sealift.tracing.binning import Cut
from sealift.tracing.datetimes import is_datetimes
from sealift.tracing.frame import Frame, is_frame
from sealift.tracing.frame_columns import with_column
from sealift.tracing.joining import column_stack
from sealift.tracing.reachable import Reachable
from sealift.tracing.recording import table_of
from sealift.tracing.series_methods import isna
from sealift.tracing.strings import numbers_of, times_of
from sealift.tracing.unsupported import ROWS, UnsupportedOperation

_LOCK = threading.RLock()


@contextmanager
def substituted(function: Any, like: Tensor) -> Iterator[Any]:
    """Bind the replacements in the modules that `function` refers to; gives the function, or its replacement.

    `like` is a matrix with the rows of the data.
    """
    changed = {id(original): (original, instead) for original, instead in _replacements(like)}
    with _LOCK, ExitStack() as stack:
        reachable = Reachable(function)
        for names in reachable.namespaces:
            for name, value in list(names.items()):
                if id(value) in changed:
                    names[name] = changed[id(value)][1]
                    stack.callback(_restore_name, names, name, *changed[id(value)])
        for cell in reachable.cells:
            try:
                value = cell.cell_contents
            except ValueError:  # not assigned yet
                continue
            if id(value) in changed:
                cell.cell_contents = changed[id(value)][1]
                stack.callback(_restore_cell, cell, *changed[id(value)])
        yield changed[id(function)][1] if id(function) in changed else function


def _restore_name(names: dict[str, Any], name: str, original: Any, replacement: Any) -> None:
    if names.get(name) is replacement:  # another thread may have bound it meanwhile
        names[name] = original


def _restore_cell(cell: CellType, original: Any, replacement: Any) -> None:
    if cell.cell_contents is replacement:
        cell.cell_contents = original


class _Library(ModuleType):
    """A library some of whose functions are replaced."""

    def __init__(self, original: ModuleType, replaced: Mapping[str, Any]) -> None:
        super().__init__(original.__name__)
        self.__dict__.update(replaced)
        self._original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def _replacements(like: Tensor) -> Iterator[tuple[Any, Any]]:
    """Pairs of what the user's modules may hold and its replacement."""
    numpy: dict[str, Any] = {"c_": _Columns(np.c_)}
    for name in ("asarray", "array", "asanyarray", "ascontiguousarray", "asarray_chkfinite"):
        numpy[name] = _Converting(getattr(np, name))
    for name, value in (("zeros", 0), ("ones", 1), ("empty", 0), ("full", None)):
        numpy[name] = _Making(getattr(np, name), value, like)
    for name in ("sum", "prod", "mean", "max", "min", "amax", "amin"):
        numpy[name] = _Reducing(getattr(np, name))
    yield from _pairs(np, numpy)
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        frames: dict[str, Any] = {"DataFrame": _frames(pandas.DataFrame, like), "concat": _Concat(pandas.concat)}
        for name in ("isna", "isnull", "notna", "notnull"):
            frames[name] = _IsNa(getattr(pandas, name), name)
        frames["cut"] = Cut(pandas.cut)
        frames["to_numeric"] = _Numeric(pandas.to_numeric)
        frames["to_datetime"] = _Dates(pandas.to_datetime)
        yield from _pairs(pandas, frames)


def _pairs(library: ModuleType, replaced: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    yield library, _Library(library, replaced)
    for name, instead in replaced.items():
        yield getattr(library, name), instead


class _Converting:
    def __init__(self, original: Any) -> None:
        self._original = original

    def __call__(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        copying = self._original.__name__ == "array" and kwargs.get("copy", True)
        dtype = args[0] if args else kwargs.get("dtype")
        if is_frame(value):
            value = value.to_numpy()
        if is_array(value):
            plain = Array(value.tensor(), value.missing) if copying or type(value) is not Array else value
            return plain if dtype is None else plain.astype(dtype)
        if isinstance(value, list | tuple) and any(is_array(part) for part in value):
            return np.stack([part if is_array(part) else np.full(ROWS, part) for part in value], axis=0)
        return self._original(value, *args, **kwargs)


class _Reducing:
    """`np.max([x[:, 0], x[:, 1]], axis=0)`: the protocol does not look into lists."""

    def __init__(self, original: Any) -> None:
        self._original = original

    def __call__(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, list | tuple) and any(is_array(part) for part in value):
            value = np.stack([part if is_array(part) else np.full(ROWS, part) for part in value], axis=0)
        return self._original(value, *args, **kwargs)


class _Making:
    """`np.zeros((len(x), 2))` and its like."""

    def __init__(self, original: Any, value: Any, like: Tensor) -> None:
        self._original, self._value, self._like = original, value, like

    def __call__(self, shape: Any, *args: Any, **kwargs: Any) -> Any:
        sizes = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
        if ROWS not in sizes:
            return self._original(shape, *args, **kwargs)
        rest = list(args)
        fill = self._value if self._value is not None else rest.pop(0) if rest else kwargs["fill_value"]
        dtype = rest[0] if rest else kwargs.get("dtype")
        kind = dtype_of(dtype) if dtype is not None else "float64" if self._value is not None else None
        if is_array(fill):
            raise UnsupportedOperation(
                "it fills a new array with a column", "Use the column itself, or np.column_stack."
            )
        value = shapes.constant(self._like.graph, fill)
        value = value if kind is None else value.cast(kind)
        whole = tuple(None if size == ROWS else int(size) for size in sizes)
        return Array(shapes.expanded(value, whole, self._like))


class _Columns:
    def __init__(self, original: Any) -> None:
        self._original = original

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if any(is_array(part) or is_frame(part) for part in parts):
            return column_stack([part.to_numpy() if is_frame(part) else part for part in parts])
        return self._original[key]


class _IsNa:
    def __init__(self, original: Any, name: str) -> None:
        self._original, self._name = original, name

    def __call__(self, value: Any) -> Any:
        if is_frame(value) or (is_array(value) and type(value) is not Array):
            return getattr(value, self._name)()
        if is_array(value):
            return ~isna(value) if self._name.startswith("not") else isna(value)
        return self._original(value)


class _Dates:
    """`pd.to_datetime` of a column that holds dates already."""

    def __init__(self, original: Any) -> None:
        self._original = original

    def __call__(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if is_datetimes(value):
            return value
        if is_array(value) and value.dtype == object and not args:
            rest = dict(kwargs)
            given, errors = rest.pop("format", None), rest.pop("errors", "raise")
            if not rest:
                return times_of(value, errors, given, self._kind(given))
        if is_array(value) or is_frame(value):
            raise UnsupportedOperation(
                "it reads dates out of strings or numbers",
                "Let the column hold dates before the model, in training too: X['when'] = pd.to_datetime(X['when']).",
            )
        return self._original(value, *args, **kwargs)

    def _kind(self, given: Any) -> Any:
        """The dtype that the installed pandas gives dates of a format."""
        example = datetime.datetime(2024, 3, 1).strftime(given) if isinstance(given, str) else "2024-03-01"
        return self._original([example], format=given).dtype


class _Numeric:
    """`pd.to_numeric` of a column: of strings through a stage, of numbers as they are."""

    def __init__(self, original: Any) -> None:
        self._original = original

    def __call__(self, value: Any, errors: str = "raise", **rest: Any) -> Any:
        if not is_array(value) or any(option is not None for option in rest.values()):
            return self._original(value, errors=errors, **rest)
        return value if value.dtype != object else numbers_of(value, errors)


class _Concat:
    def __init__(self, original: Any) -> None:
        self._original = original

    def __call__(self, objs: Any, *, axis: Any = 0, **rest: Any) -> Any:
        parts = list(objs) if not isinstance(objs, Mapping) else objs
        if not any(is_frame(part) or is_array(part) for part in parts):
            return self._original(parts, axis=axis, **rest)
        if axis not in (1, "columns"):
            raise UnsupportedOperation("it joins data frames below each other", "Give pd.concat axis=1.")
        tables = [part.table if is_frame(part) else part.to_frame().table for part in parts]
        return Frame(Table.join(tables))


def _frames(original: Any, like: Tensor) -> Any:
    """pandas' DataFrame, which also makes frames of placeholders."""

    class Meta(type):
        def __call__(cls, data: Any = None, *args: Any, **kwargs: Any) -> Any:
            columns = kwargs.get("columns", args[1] if len(args) > 1 else None)
            if is_frame(data):
                return Frame(data.table) if columns is None else data[list(columns)]
            if is_array(data):
                matrix = data if data.ndim == 2 else data[:, None]
                names = [str(name) for name in columns] if columns is not None else range(matrix.shape[1])
                return Frame(table_of().with_values(matrix.tensor(), [str(name) for name in names]))
            if isinstance(data, Mapping) and any(is_array(value) for value in data.values()):
                table = table_of()
                for name, value in data.items():
                    start = table.with_values(like.columns([0]), ["_"]) if not table.blocks else table
                    table = with_column(start, str(name), value)
                    table = table.select([i for i, column in enumerate(table.names) if column != "_"])
                return Frame(table)
            return original(data, *args, **kwargs)

        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, original)

        def __getattr__(cls, name: str) -> Any:
            return getattr(original, name)

    return Meta("DataFrame", (), {})
