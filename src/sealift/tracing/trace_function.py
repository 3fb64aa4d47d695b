"""The user's function run once on placeholders; what it does to them is what the graph will do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sealift.errors import PackError
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.inputs import field_of
from sealift.graph.step import refuse
from sealift.graph.table import Block, Table, UnfedColumn
from sealift.tracing import shapes
from sealift.tracing.array import Array, is_array, tensor_dtype
from sealift.tracing.datetimes import as_block, is_datetimes
from sealift.tracing.elementwise import as_type
from sealift.tracing.frame import Frame, is_frame, matrix_of
from sealift.tracing.recording import Recording
from sealift.tracing.series import Series
from sealift.tracing.substitution import substituted
from sealift.tracing.unsupported import UnsupportedOperation, line_of


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

    def follow(table: Table, recording: Recording, *, array: Array | None = None) -> Table:
        given: Any = Frame(table) if frame else _array(table) if array is None else array
        result = run_traced(function, given, arguments, x, recording)
        if vector:
            with recording.active():
                result = _column(result)
        return _table(result, x, function)

    natives = {block.whole for block in x.blocks if not block.is_text and not block.time}
    if natives - {""} and (frame or "" not in natives):
        return _of_integers(x, follow, plain, array=not frame)
    recording = Recording(x.context)
    result = follow(plain, recording)
    x.context.special_operands += recording.special_operands
    return result


def trace_series(function: Callable[..., Any], x: Table, arguments: Mapping[str, Any]) -> Table:
    """What `function(series, **arguments)` gives for one column of strings that the original is given as a series.

    Raises:
        PackError: E302 as `trace`.
    """
    (block,) = x.blocks
    assert block.missing is not None
    given = Series(block.values.column(0), block.names[0], block.missing.column(0))
    given.null = block.null
    recording = Recording(x.context)
    result = run_traced(function, given, arguments, x, recording)
    x.context.special_operands += recording.special_operands
    with recording.active():
        if is_array(result) and hasattr(result, "to_frame"):
            result = result.to_frame()
    return _table(result, x, function)


def _of_integers(x: Table, follow: Callable[..., Table], plain: Table, *, array: bool) -> Table:
    """The function's result for integers, where it differs from that for floats of the same values.

    A gap makes floats of a column of NumPy's integers: then 1 // 0 is infinity in place of 0. So none may be missing.
    Where pandas' own types have room for a gap, rows with gaps are computed with floats.
    """
    context = x.context
    of_floats, of_integers = Recording(context), Recording(context)
    try:
        floats: Table | PackError = follow(_with_nullable(x, plain), of_floats)
    except PackError as error:
        floats = error
    try:
        integers = follow(_as_integers(x), of_integers, array=_integer_array(x) if array else None)
    except PackError:
        if isinstance(floats, PackError) or of_integers.integer_operations > of_floats.integer_operations:
            raise
        context.special_operands += of_floats.special_operands
        return floats
    if of_integers.integer_operations == of_floats.integer_operations and isinstance(floats, Table):
        context.special_operands += of_floats.special_operands
        return floats
    named = [block for block in x.blocks if block.whole]
    if any(block.whole[0].isupper() for block in named) and isinstance(floats, Table):
        context.special_operands += of_floats.special_operands + of_integers.special_operands
        return _with_gaps(x, floats, integers)
    context.special_operands += of_integers.special_operands
    for block in named:
        for column in x.with_blocks(block).each():
            field = field_of(column.values)
            if field is not None:
                context.integer_fields[field.name] = block.whole
    return integers


def _with_nullable(x: Table, plain: Table) -> Table:
    """The columns as floats, of which pandas' own types still divide as whole numbers."""
    blocks = zip(x.blocks, plain.blocks, strict=True)
    return replace(plain, blocks=tuple(a if a.whole[:1].isupper() else b for a, b in blocks))


def _as_integers(x: Table) -> Table:
    return replace(
        x, blocks=tuple(_cast(b) if b.whole and not isinstance(b.values, UnfedColumn) else b for b in x.blocks)
    )


def _cast(block: Block) -> Block:
    gaps = block.values.isnan()
    return replace(block, values=as_type(where(gaps, 0.0, block.values), tensor_dtype(block.whole.lower())))


def _integer_array(x: Table) -> Array:
    """All columns as one array of integers."""
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


def run_traced(
    function: Callable[..., Any], given: Any, arguments: Mapping[str, Any], x: Table, recording: Recording
) -> Any:
    """The function's result on placeholders.

    Warnings that the function gives are shown as in any other call: `warnings.catch_warnings` would replace the filters
    of all threads.

    Raises:
        PackError: E302 as `trace`.
    """
    unsupported = recording.unsupported
    with recording.active():
        try:
            with substituted(function, x.blocks[0].values) as called, np.errstate(all="ignore"):
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
                "Use NumPy's functions on whole columns, or compute the column before the model.",
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
        return Table.join([x.with_blocks(block) for block in blocks])
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
        return x.with_blocks(as_block(result, tuple(names or (f"x{i}" for i in range(result.shape[1])))))
    if result.dtype == object:
        missing = result.missing
        mask = missing if missing is not None else x.graph.constant(np.array(False))
        whole = shapes.expanded(mask, result.sizes, result.tensor())
        given = tuple(names or (f"x{i}" for i in range(result.shape[1])))
        return x.with_blocks(Block(result.tensor(), whole, given, getattr(result, "null", np.nan)))
    return x.with_values(_float(result.tensor()), names)


def _constant(result: Any, x: Table) -> Array:
    like = x.blocks[0].values
    tensor = shapes.constant(x.graph, result)
    return Array(shapes.expanded(tensor, (None, *tensor.shape[1:]), like))


def _floats(block: Block) -> Block:
    return Block(_float(block.values), None, block.names)


def _float(tensor: Tensor) -> Tensor:
    return tensor if tensor.dtype.startswith("float") else tensor.cast("float64")


def _refused(error: Any, function: Any) -> PackError:
    return refuse(f"{_named(function)} cannot be traced: {error.what}{_at(error.line)}.", error.fix)


def _at(line: str) -> str:
    return f" ({line})" if line else ""


def _named(function: Any) -> str:
    name = getattr(function, "__name__", None) or type(function).__name__
    return "The lambda" if name == "<lambda>" else f"The function {name!r:.60}"
