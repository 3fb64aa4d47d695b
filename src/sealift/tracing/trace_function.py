"""The user's function run once on placeholders; what it does to them is what the graph will do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sealift.errors import PackError
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.step import refuse
from sealift.graph.table import Absent, Block, Table
from sealift.tracing import shapes
from sealift.tracing.array import Array, is_array, tensor_dtype
from sealift.tracing.datetimes import as_block, is_datetimes
from sealift.tracing.elementwise import as_type
from sealift.tracing.frame import Frame, is_frame, matrix_of
from sealift.tracing.series import Series
from sealift.tracing.substitution import substituted
from sealift.tracing.unsupported import UnsupportedOperation, line_of, watching


def trace(
    function: Callable[..., Any], x: Table, arguments: Mapping[str, Any], *, frame: bool, vector: bool = False
) -> Table:
    """What `function(x, **arguments)` gives, as a table.

    Args:
        function: takes a data frame or an array, and gives one with the same rows.
        x: what the step is given.
        arguments: the further arguments.
        frame: whether the original is given a data frame.
        vector: whether the function may give one value for each row (N,), which is one column of the table.

    Raises:
        PackError: E302 with the line of the user's code that cannot be repeated, why, and how to write it.
    """
    plain = x.as_floats()

    def followed(table: Table, *, array: Array | None = None) -> Table:
        given: Any = Frame(table) if frame else _array(table) if array is None else array
        result = run_traced(function, given, arguments, x.blocks[0].values)
        return _table(_column(result) if vector else result, x, function)

    natives = {block.whole for block in x.blocks if not block.is_text and not block.time}
    if not natives - {""} or (not frame and "" in natives):
        return followed(plain)
    return _whole(x, followed, plain, array=not frame)


def trace_series(function: Callable[..., Any], x: Table, arguments: Mapping[str, Any]) -> Table:
    """What `function(series, **arguments)` gives for one column of strings that the original is given as a series.

    Raises:
        PackError: E302 as `trace`.
    """
    (block,) = x.blocks
    assert block.missing is not None
    given = Series(block.values.column(0), block.names[0], block.missing.column(0))
    given.null = block.null
    result = run_traced(function, given, arguments, block.values)
    return _table(result.to_frame() if is_array(result) and hasattr(result, "to_frame") else result, x, function)


def _whole(x: Table, followed: Callable[..., Table], plain: Table, *, array: bool) -> Table:
    """What the function gives for whole numbers, where that is something else than for floats of the same values.

    A gap makes floats of a column of NumPy's whole numbers: then 1 // 0 is infinity in place of 0. So none may be
    missing. Where pandas' own types have room for a gap, rows with gaps are computed with floats.
    """
    graph = x.graph
    start, before = graph.whole_steps, len(graph.special)
    try:
        floats: Table | PackError = followed(_with_nullable(x, plain))
    except PackError as error:
        floats = error
    usual, start = graph.whole_steps - start, graph.whole_steps
    between = len(graph.special)
    try:
        whole = followed(_as_whole(x), array=_whole_array(x) if array else None)
    except PackError:
        if isinstance(floats, PackError) or graph.whole_steps - start > usual:
            raise
        return floats
    if graph.whole_steps - start == usual and isinstance(floats, Table):
        del graph.special[between:]
        return floats
    named = [block for block in x.blocks if block.whole]
    if any(block.whole[0].isupper() for block in named) and isinstance(floats, Table):
        return _with_gaps(x, floats, whole)
    del graph.special[before:between]
    for block in named:
        source, held = block.values.origin
        at = [(source.name, i) for i in held if (source.name, i) in graph.fields]
        graph.whole |= {graph.fields[place]: block.whole for place in at}
    return whole


def _with_nullable(x: Table, plain: Table) -> Table:
    """The columns as floats, of which pandas' own types still divide as whole numbers."""
    blocks = zip(x.blocks, plain.blocks, strict=True)
    return replace(plain, blocks=tuple(a if a.whole[:1].isupper() else b for a, b in blocks))


def _as_whole(x: Table) -> Table:
    return replace(x, blocks=tuple(_cast(b) if b.whole and not isinstance(b.values, Absent) else b for b in x.blocks))


def _cast(block: Block) -> Block:
    gaps = block.values.isnan()
    return replace(block, values=as_type(where(gaps, 0.0, block.values), tensor_dtype(block.whole.lower())))


def _whole_array(x: Table) -> Array:
    """All columns as one array of whole numbers."""
    kind = np.result_type(*(np.dtype(block.whole.lower()) for block in x.blocks))
    tensor = concat(as_type(_cast(block).values, tensor_dtype(kind)) for block in x.blocks)
    return Array(tensor, narrow=kind)


def _with_gaps(x: Table, floats: Table, whole: Table) -> Table:
    gaps = concat(block.values for block in x.blocks if block.whole).isnan()
    gap = gaps.cast("float64").sum(keepdims=True) > 0.0
    if len(floats.blocks) != len(whole.blocks) or any(block.is_text or block.time for block in floats.blocks):
        return whole
    pairs = zip(floats.blocks, whole.blocks, strict=True)
    return replace(whole, blocks=tuple(replace(b, values=where(gap, a.values, b.values)) for a, b in pairs))


def run_traced(function: Callable[..., Any], given: Any, arguments: Mapping[str, Any], like: Tensor) -> Any:
    """The function's result on placeholders.

    Warnings that the function gives are shown as in any other call: `warnings.catch_warnings` would replace the filters
    of all threads.

    Raises:
        PackError: E302 as `trace`.
    """
    with watching() as unsupported:
        try:
            with substituted(function, like) as called, np.errstate(all="ignore"):
                result = called(given, **arguments)
        except PackError:
            raise
        except UnsupportedOperation as error:
            raise _refused(unsupported[0] if unsupported else error, function) from None
        except Exception as error:
            if unsupported:
                raise _refused(unsupported[0], function) from None
            raise refuse(
                f"{_named(function)} cannot be traced: {type(error).__name__}: {str(error).rstrip('.'):.200}"
                f"{_at(line_of(error.__traceback__))}.",
                "Say it with NumPy's functions on whole columns, or compute the column before the model.",
            ) from error
    if unsupported:
        raise _refused(unsupported[0], function)
    return result


def _array(x: Table) -> Array:
    if len(x.blocks) == 1 and x.blocks[0].time:
        return matrix_of(x.blocks[0])
    if len(x.blocks) == 1 and x.blocks[0].is_text:
        result = Array(x.blocks[0].values, x.blocks[0].missing)
        result.null = x.blocks[0].null
        return result
    return Array(x.numbers())


def _column(result: Any) -> Any:
    """A vector (N,) as one column; anything else as it is."""
    if not is_array(result) or result.ndim != 1:
        return result
    return result.to_frame() if hasattr(result, "to_frame") else result.reshape(-1, 1)


def _table(result: Any, x: Table, function: Any) -> Table:
    """The result as a table of floats and strings."""
    if is_frame(result):
        blocks = [block if block.is_text or block.time else _floats(block) for block in result.table.blocks]
        return Table.join([Table((block,), x.graph) for block in blocks])
    if not is_array(result):
        if not isinstance(result, np.ndarray):
            raise refuse(
                f"{_named(function)} gives {type(result).__name__} in place of an array or data frame.",
                "Return the new columns.",
            )
        result = _constant(result, x)
    if result.sizes[:1] != (None,) or result.ndim != 2:
        raise refuse(
            f"{_named(function)} gives an array of {result.ndim} axes in place of columns.",
            "Return a matrix of shape (rows, columns): result.reshape(-1, 1) or result[:, None] for one column.",
        )
    names = x.names if result.sizes[1] == x.width else None
    if is_datetimes(result):
        return Table((as_block(result, tuple(names or (f"x{i}" for i in range(result.shape[1])))),), x.graph)
    if result.dtype == object:
        missing = result.missing
        mask = missing if missing is not None else x.graph.constant(np.array(False))
        whole = shapes.expanded(mask, result.sizes, result.tensor)
        given = tuple(names or (f"x{i}" for i in range(result.shape[1])))
        return Table((Block(result.tensor, whole, given, getattr(result, "null", np.nan)),), x.graph)
    return Table.of(_float(result.tensor), names)


def _constant(result: Any, x: Table) -> Array:
    like = x.blocks[0].values
    tensor = shapes.constant(x.graph, result)
    return Array(shapes.expanded(tensor, (None, *tensor.shape[1:]), like))


def _floats(block: Block) -> Block:
    return Block(_float(block.values), None, block.names)


def _float(tensor: Tensor) -> Tensor:
    return tensor if tensor.dtype.startswith("float") else tensor.cast("float64")


def _refused(error: UnsupportedOperation, function: Any) -> PackError:
    return refuse(f"{_named(function)} cannot be traced: {error.what}{_at(error.line)}.", error.fix)


def _at(line: str) -> str:
    return f" ({line})" if line else ""


def _named(function: Any) -> str:
    name = getattr(function, "__name__", None) or type(function).__name__
    return "The lambda" if name == "<lambda>" else f"The function {name!r:.60}"
