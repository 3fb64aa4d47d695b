"""The user's function run once on stand-ins; what it does to them is what the graph will do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sealift.convert.graph import Tensor
from sealift.convert.registry import refuse
from sealift.convert.table import Block, Table
from sealift.convert.trace import shapes
from sealift.convert.trace.array import Array, is_array
from sealift.convert.trace.frame import Frame, is_frame, matrix_of
from sealift.convert.trace.moments import as_block, is_moments
from sealift.convert.trace.refusal import Refusal, line_of, watching
from sealift.convert.trace.stand_in import standing_in
from sealift.errors import PackError


def trace(function: Callable[..., Any], x: Table, arguments: Mapping[str, Any], *, frame: bool) -> Table:
    """What `function(x, **arguments)` gives, as a table.

    Args:
        function: takes a data frame or an array, and gives one with the same rows.
        x: what the step is given.
        arguments: the further arguments.
        frame: whether the original is given a data frame.

    Raises:
        PackError: E302 with the line of the user's code that cannot be repeated, why, and how to write it.
    """
    given: Any = Frame(x) if frame else _array(x)
    result = run_traced(function, given, arguments, x.blocks[0].values)
    return _table(result, x, function)


def run_traced(function: Callable[..., Any], given: Any, arguments: Mapping[str, Any], like: Tensor) -> Any:
    """The function's result on stand-ins. Raises PackError E302."""
    with watching() as refusals:
        try:
            with standing_in(function, like) as called, warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                result = called(given, **arguments)
        except PackError:
            raise
        except Refusal as refusal:
            raise _refused(refusals[0] if refusals else refusal, function) from None
        except Exception as error:
            if refusals:
                raise _refused(refusals[0], function) from None
            raise refuse(
                f"{_named(function)} cannot be traced: {type(error).__name__}: {str(error).rstrip('.'):.200}"
                f"{_at(line_of(error.__traceback__))}.",
                "Say it with NumPy's functions on whole columns, or compute the column before the model.",
            ) from error
    if refusals:
        raise _refused(refusals[0], function)
    return result


def _array(x: Table) -> Array:
    if len(x.blocks) == 1 and x.blocks[0].time:
        return matrix_of(x.blocks[0])
    if len(x.blocks) == 1 and x.blocks[0].is_text:
        found = Array(x.blocks[0].values, x.blocks[0].missing)
        found.null = x.blocks[0].null
        return found
    return Array(x.numbers())


def _table(result: Any, x: Table, function: Any) -> Table:
    """The result as a table of floats and texts."""
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
    if is_moments(result):
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


def _refused(refusal: Refusal, function: Any) -> PackError:
    return refuse(f"{_named(function)} cannot be traced: {refusal.what}{_at(refusal.line)}.", refusal.fix)


def _at(line: str) -> str:
    return f" ({line})" if line else ""


def _named(function: Any) -> str:
    name = getattr(function, "__name__", None) or type(function).__name__
    return "The lambda" if name == "<lambda>" else f"The function {name!r:.60}"
