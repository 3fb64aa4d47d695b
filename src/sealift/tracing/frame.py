"""`Frame`: what the user's function is given in place of a pandas data frame; columns by name, in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from sealift.graph.builder import concat
from sealift.graph.table import Block, Table
from sealift.tracing import dispatch
from sealift.tracing.array import Array, is_array, pandas_class, unsupported_attribute
from sealift.tracing.datetimes import as_block, is_datetimes, of_block
from sealift.tracing.frame_columns import dropped, with_column
from sealift.tracing.integers import by_pandas
from sealift.tracing.reduce import reduce
from sealift.tracing.series import ALTERNATIVES, Series, unsupported_method
from sealift.tracing.unsupported import ROWS, UnsupportedOperation

_OWN = {"sum", "mean", "min", "max", "std", "var", "prod", "any", "all", "clip", "round", "around", "copy"}

FRAME_METHODS: dict[str, Callable[..., Any]] = {}
"""The methods of pandas' data frames, which `frame_methods` registers: name → function of the frame, arguments."""
FRAME_PROPERTIES: dict[str, Callable[[Any], Any]] = {}
"""The attributes of pandas' data frames that are computed, by name."""


class Frame(NDArrayOperatorsMixin):
    """A data frame whose rows are not known."""

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __init__(self, table: Table) -> None:
        self.__dict__["table"] = table

    table: Table

    @property
    def __class__(self) -> type:
        return pandas_class("frame", "DataFrame") or Frame

    @__class__.setter
    def __class__(self, kind: type) -> None:
        raise TypeError("the class of a placeholder cannot be set")

    @property
    def columns(self) -> Any:
        """The names."""
        kind = pandas_class("indexes.base", "Index")
        return kind(list(self.table.names)) if kind is not None else list(self.table.names)

    @columns.setter
    def columns(self, names: Any) -> None:
        self.__dict__["table"] = self.table.named([str(name) for name in names])

    @property
    def shape(self) -> tuple[int, int]:
        """What stands for the rows, and the number of columns."""
        return ROWS, self.table.width

    ndim = 2

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return dispatch.ufunc(function, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return dispatch.array_function(function, args, kwargs)

    def __array__(self, *_: Any, **__: Any) -> Any:
        return self.to_numpy().__array__()

    def __len__(self) -> int:
        return ROWS

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.names)

    def __contains__(self, name: object) -> bool:
        return name in self.table.names

    def __bool__(self) -> bool:
        raise ValueError("The truth value of a DataFrame is ambiguous.")

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self.column(key)
        if is_array(key) or is_frame(key) or isinstance(key, slice):
            raise UnsupportedOperation(
                "it keeps only some of the rows, but every row needs an answer",
                "Write df.where(condition, other) or np.where, which have a value for every row.",
            )
        return self.picked([str(name) for name in key])

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(key, str):
            plain = value.to_numpy() if is_frame(value) else value
            self.__dict__["table"] = with_column(self.table, key, plain)
            return
        if is_array(key) or is_frame(key):
            raise UnsupportedOperation("it assigns where a condition holds", "Write df = df.mask(condition, value).")
        for i, name in enumerate(key):
            part = value[name if is_frame(value) else (slice(None), i)] if np.ndim(value) == 2 else value
            self[str(name)] = part

    def __delitem__(self, name: str) -> None:
        self.__dict__["table"] = dropped(self.table, [name])

    def __getattr__(self, name: str) -> Any:
        if name in FRAME_METHODS:
            return partial(FRAME_METHODS[name], self)
        if name in FRAME_PROPERTIES:
            return FRAME_PROPERTIES[name](self)
        if name in self.table.names:
            return self.column(name)
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            raise unsupported_method(name, "a data frame")
        except KeyError:
            raise unsupported_attribute("a data frame", name, ALTERNATIVES.get(name, "")) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "columns":
            self.__dict__["table"] = self.table.named([str(each) for each in value])
        elif name in self.table.names:
            self[name] = value
        else:
            raise UnsupportedOperation(f"it sets .{name} of a data frame", f"Write df[{name!r}] = … for a column.")

    def __repr__(self) -> str:
        return f"<data frame that is being traced, columns {list(self.table.names)}>"

    def column(self, name: str) -> Series:
        """One column. Raises KeyError as pandas does."""
        names = self.table.names
        if name not in names:
            raise KeyError(name)
        if names.count(name) > 1:
            raise UnsupportedOperation(
                f"the column {name!r} stands there twice", "Give the columns names of their own."
            )
        (block,) = self.table.select([names.index(name)]).blocks
        if block.time:
            return of_block(block, name)
        missing = None if block.missing is None else block.missing.column(0)
        result = Series(
            block.values.column(0), name, missing, narrow=narrow_of(block), nullable=block.whole[:1].isupper()
        )
        result.null = block.null
        result.masked = result.nullable and result.dtype.kind == "f"
        return result

    def picked(self, names: Sequence[str]) -> Frame:
        """Some of the columns, in the order given."""
        unknown = [name for name in names if name not in self.table.names]
        if unknown:
            raise KeyError(unknown)
        return Frame(self.table.select([self.table.names.index(name) for name in names]))

    def each(self, function: Callable[[Array], Any]) -> Frame:
        """`function` applied to each block of columns as a matrix."""
        return Frame(self.table.with_blocks(*(_made(block, function) for block in self.table.blocks)))

    def to_numpy(self, dtype: Any = None, **_: Any) -> Array:
        """All columns as one matrix."""
        blocks = self.table.blocks
        if len(blocks) == 1:
            result = matrix_of(blocks[0])
        elif any(block.time for block in blocks):
            raise UnsupportedOperation(
                "it makes one array of dates and other columns", "Pick the columns of dates first."
            )
        elif any(block.is_text for block in blocks):
            raise UnsupportedOperation(
                "it makes one array of strings and numbers", "Pick the columns of numbers first."
            )
        else:
            result = Array(concat(block.values for block in blocks))
        return result if dtype is None else result.astype(dtype)


def is_frame(value: Any) -> bool:
    """Whether it is a data frame's placeholder."""
    return issubclass(type(value), Frame)


def involves_frame(values: Sequence[Any]) -> bool:
    """Whether a data frame's placeholder is among the operands."""
    return any(is_frame(value) for value in values)


def frame_function(name: str, args: Any, kwargs: Any) -> Any:
    """NumPy's function by the frame's own method, or on its matrix; NotImplemented where there is no frame."""
    if args and is_frame(args[0]) and name in _OWN:
        return getattr(args[0], {"around": "round"}.get(name, name))(*args[1:], **kwargs)
    plain = [_matrices(value) for value in args]
    named = {key: _matrices(value) for key, value in kwargs.items()}
    if all(a is b for a, b in zip([*args, *kwargs.values()], [*plain, *named.values()], strict=True)):
        return NotImplemented
    if not any(is_array(value) for value in _flat([*plain, *named.values()])):
        return NotImplemented
    return dispatch.array_function(getattr(np, name), tuple(plain), named)


def _matrices(value: Any) -> Any:
    if is_frame(value):
        return value.to_numpy()
    if isinstance(value, list | tuple) and involves_frame(value):
        return [_matrices(part) for part in value]
    return value


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        yield from _flat(value) if isinstance(value, list | tuple) else [value]


def by_columns(function: Any, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Frame:
    """A universal function on a data frame: column by column, as pandas aligns them."""
    if method != "__call__" or options or function.nout != 1:
        raise UnsupportedOperation(f"it calls np.{function.__name__} on a data frame with options", "Leave them out.")
    frames = [value for value in inputs if is_frame(value)]
    names = frames[0].table.names
    if any(frame.table.names != names for frame in frames):
        raise UnsupportedOperation(
            "it combines data frames whose columns differ", "Bring both to the same columns in one order."
        )
    for value in inputs:
        if is_array(value) and (issubclass(type(value), Series) or value.ndim == 1):
            raise UnsupportedOperation(
                "it combines a data frame with a column, which pandas matches by the wrong axis",
                "Write df.div(column, axis=0), or .mul, .add, .sub with axis=0.",
            )
    split = min((frame.table for frame in frames), key=lambda table: -len(table.blocks))
    blocks, start = [], 0
    for block in split.blocks:
        stop = start + len(block.names)
        given = [_part(value, start, stop) for value in inputs]
        result = by_pandas(function, given, function(*given), nullable=block.whole[:1].isupper())
        blocks.append(_block(result, block))
        start = stop
    return Frame(frames[0].table.with_blocks(*blocks))


def _part(value: Any, start: int, stop: int) -> Any:
    """The columns of an operand from `start` to `stop`."""
    if is_frame(value):
        table = value.table.select(range(start, stop))
        return Frame(table).to_numpy()
    if is_array(value):
        return value[:, start:stop]
    return np.asarray(value)[..., start:stop] if np.ndim(value) else value


def _made(block: Block, function: Callable[[Array], Any]) -> Block:
    return _block(function(matrix_of(block)), block)


def matrix_of(block: Block) -> Array:
    """A block's columns as a matrix."""
    return of_block(block, plain=True) if block.time else Array(block.values, block.missing, narrow=narrow_of(block))


def narrow_of(block: Block) -> np.dtype[Any] | None:
    """The dtype of a block of whole numbers that are held as such."""
    return np.dtype(block.whole.lower()) if block.whole and not block.values.dtype.startswith("float") else None


def _block(result: Any, like: Block) -> Block:
    if is_datetimes(result):
        return as_block(result, like.names)
    whole = "" if result.narrow is None else str(result.narrow)
    return replace(like, values=result.tensor(), missing=result.missing, time="", whole=whole)


def across(frame: Frame, name: str, axis: Any, *, skipna: bool, ddof: float = 1) -> Series:
    """A reduction over the columns; what is missing is passed over, as pandas does."""
    if axis not in (1, "columns"):
        reduce(name, frame.to_numpy()[:, 0], 0)
    kind = f"nan{name}" if skipna and name in ("sum", "mean", "min", "max", "std", "var", "prod", "median") else name
    return Series(reduce(kind, frame.to_numpy(), 1, ddof=ddof).tensor())
