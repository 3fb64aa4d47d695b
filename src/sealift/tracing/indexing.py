"""`x[key]` and `x[key] = value` on arrays whose rows are not known."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.graph.builder import Tensor, where
from sealift.tracing import dispatch
from sealift.tracing.array import Array, is_array
from sealift.tracing.elementwise import as_type, side_by_side
from sealift.tracing.shapes import constant, expand, expanded
from sealift.tracing.unsupported import ROWS, UnsupportedOperation, rows_at_once

_WRITE = "Build the array anew: np.where(condition, value, x), and np.column_stack for its columns."


@dispatch.get_item.implement
def get(array: Array, key: Any) -> Array:
    """Columns by number, slice, list or mask; all rows."""
    keys = _spread(array, key)
    if sum(not isinstance(part, int | slice) and part is not None for part in keys) > 1:
        raise UnsupportedOperation("it indexes several axes with lists at once", "Pick along one axis after the other.")
    result, axis = array, 0
    for part in keys:
        if part is None:
            result = expand(result, axis)
            axis += 1
            continue
        size = result.sizes[axis]
        if size is None:
            if not _everything(part):
                raise _of_rows(part)
            axis += 1
        elif isinstance(part, int):
            result = _one(result, part, axis, size)
        else:
            indices = np.arange(size)[part]
            if not isinstance(part, slice) or not np.array_equal(indices, np.arange(size)):
                taken = _take(result, indices, axis)
                result = taken if isinstance(part, slice) else taken.copy()
            axis += 1
    return result


@dispatch.set_item.implement
def put(array: Array, key: Any, value: Any) -> None:
    """Assign where a condition holds, or whole columns of a matrix."""
    tensor = array.tensor()
    if tensor.dtype == "object":
        raise UnsupportedOperation("it assigns into an array of strings", "Build the array anew.")
    given = value.tensor() if is_array(value) else constant(tensor.graph, value)
    if given.dtype == "object":
        raise UnsupportedOperation("it assigns strings to numbers", "Keep strings and numbers in arrays of their own.")
    if not np.can_cast(given.dtype, tensor.dtype, "unsafe"):
        raise UnsupportedOperation(f"it assigns {given.dtype} to {tensor.dtype}", "Convert it first: .astype(float).")
    given = as_type(given, tensor.dtype)
    if is_array(key) and key.dtype == np.bool_:
        array.write(_masked(array, key.tensor(), given, value))
        return
    keys = _spread(array, key)
    if any(is_array(part) and part.dtype == np.bool_ for part in keys):
        _put_masked_columns(array, keys, given, value)
        return
    if any(part is None for part in keys) or tensor.shape[0] is not None or not _everything(keys[0]) or array.ndim > 2:
        raise UnsupportedOperation("it assigns to single rows or to axes other than the columns", _WRITE)
    if array.ndim == 1:
        array.write(expanded(given, tensor.shape, tensor))
        return
    array.write(_with_columns(tensor, _numbers(tensor, keys[1]), given, isinstance(keys[1], int)))


def _masked(array: Array, mask: Tensor, given: Tensor, value: Any) -> Tensor:
    tensor = array.tensor()
    if len(given.shape) and is_array(value):
        # `x[m] = y` would need as many values as the mask has rows that hold.
        raise UnsupportedOperation(
            "it assigns a column to the rows where a condition holds", "Write np.where(condition, y, x)."
        )
    if mask.shape != tensor.shape:
        if len(mask.shape) == 1 and len(tensor.shape) == 2:
            mask = mask.matrix()
        else:
            raise UnsupportedOperation("it assigns by a condition of another shape", _WRITE)
    return where(mask, given, tensor)


def _put_masked_columns(array: Array, keys: list[Any], given: Tensor, value: Any) -> None:
    tensor = array.tensor()
    mask, rest = keys[0], keys[1:]
    fits = is_array(mask) and mask.sizes == (None,) and len(rest) == 1 and array.ndim == 2
    if not fits or (len(given.shape) and is_array(value)):
        raise UnsupportedOperation("it assigns by a condition to a part of an array", _WRITE)
    numbers = _numbers(tensor, rest[0])
    old = tensor.columns(numbers)
    array.write(_with_columns(tensor, numbers, where(mask.tensor().matrix(), given, old), single=False))


def _numbers(tensor: Tensor, key: Any) -> list[int]:
    """The columns that a key means."""
    if is_array(key):
        raise UnsupportedOperation("it picks columns by computed numbers", _WRITE)
    return [int(i) for i in np.atleast_1d(np.arange(tensor.width)[key])]


def _with_columns(tensor: Tensor, numbers: list[int], given: Tensor, single: bool) -> Tensor:
    if single and given.shape == (None,):
        given = given.matrix()
    block = expanded(given, (tensor.shape[0], len(numbers)), tensor)
    order = list(range(tensor.width))
    for position, number in enumerate(numbers):
        order[number] = tensor.width + position
    return side_by_side([tensor, block], 1, tensor.dtype).columns(order)


def _spread(array: Array, key: Any) -> list[Any]:
    """The key as one entry for each axis, and None for new ones."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if any(is_array(part) for part in keys) and len(keys) == 1:
        return keys + [slice(None)] * (array.ndim - 1)
    used = sum(part is not None and part is not Ellipsis for part in keys)
    fill = [slice(None)] * (array.ndim - used)
    at = next((i for i, part in enumerate(keys) if part is Ellipsis), len(keys))
    keys[at : at + 1] = fill
    if used > array.ndim:
        raise IndexError("too many indices for array")
    return [_plain(part) for part in keys]


def _plain(part: Any) -> Any:
    if part is None or isinstance(part, slice) or is_array(part):
        return part
    result = np.asarray(part)
    return int(result) if result.ndim == 0 and result.dtype.kind in "iu" else result


def _everything(part: Any) -> bool:
    if not isinstance(part, slice):
        return False
    return part.start in (None, 0) and part.stop in (None, ROWS) and part.step in (None, 1)


def _one(array: Array, number: int, axis: int, size: int) -> Array:
    if not -size <= number < size:
        raise IndexError(f"index {number} is out of bounds for axis {axis} with size {size}")
    tensor = array.tensor()
    shape = (*tensor.shape[:axis], *tensor.shape[axis + 1 :])
    at = np.array(number % size)
    missing = None if array.missing is None else array.missing.op("Gather", at, shape=shape, axis=axis)
    return array.shared(tensor.op("Gather", at, shape=shape, axis=axis), missing)


def _take(array: Array, indices: Any, axis: int) -> Array:
    tensor = array.tensor()
    if axis == 1 and array.ndim == 2:
        missing = None if array.missing is None else array.missing.columns(indices)
        return array.shared(tensor.columns(indices), missing)
    shape = (*tensor.shape[:axis], len(indices), *tensor.shape[axis + 1 :])
    return array.shared(tensor.op("Gather", np.asarray(indices, dtype=np.int64), shape=shape, axis=axis))


def _of_rows(part: Any) -> UnsupportedOperation:
    if is_array(part) and part.dtype == np.bool_:
        return UnsupportedOperation(
            "it keeps only the rows where a condition holds, but every row needs an answer",
            "Write np.where(condition, value, otherwise), which has a value for every row.",
        )
    return rows_at_once("picking single rows", "Compute on whole columns: x[:, 0] is the first column.")
