"""X as arrays whose first axis is the rows: one array, or a dict with one for each input of the model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.types import value_type
from sealift.errors import PackError
from sealift.frameworks import ArrayInput, RowFormat
from sealift.packing.inputs.array_values import ArrayValue, stacked
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Column, Values, as_numbers, column_of

_DEFAULT_NAME = "x"


def read_arrays(X: Any, model: RowFormat) -> InputRows:
    """Read arrays (N, ...), in the order of the model's inputs.

    Raises:
        PackError: E304 for an array that no field of a contract can hold, E305 when X has other arrays than the model
            has inputs, or arrays of other dimensions.
    """
    inputs = model.arrays or (ArrayInput(_DEFAULT_NAME, None),)
    if isinstance(X, tuple) and len(X) == len(inputs) > 1:
        X = {item.name: array for item, array in zip(inputs, X, strict=True)}
    single = not isinstance(X, Mapping)
    given = {inputs[0].name: X} if single and len(inputs) == 1 else X
    if not isinstance(given, Mapping) or {str(name) for name in given} != {item.name for item in inputs}:
        listed = ", ".join(repr(item.name) for item in inputs)
        raise PackError(
            "E305",
            f"X must be a dict with the keys {listed}.",
            fix="Give X as a dict with one array for each of these names.",
        )
    arrays = {item.name: _array(item, given[item.name]) for item in inputs}
    if len({len(array) for array in arrays.values()}) > 1:
        raise PackError(
            "E305",
            "The arrays of X differ in length.",
            fix="Give arrays with the same number of rows along the first axis.",
        )
    columns = tuple(_column(item, arrays[item.name]) for item in inputs)

    def build(rows: Mapping[str, Values]) -> Any:
        made = {name: _built(rows[name], array) for name, array in arrays.items()}
        return made[inputs[0].name] if single else made

    return InputRows(columns, arrays[inputs[0].name] if single else arrays, build)


def _array(item: ArrayInput, given: Any) -> npt.NDArray[Any]:
    array = np.asarray(given)
    if array.dtype.kind not in "fiub" or not array.size:
        raise PackError(
            "E304", f"The array has the dtype {array.dtype}, or is empty.", where=f"input {item.name!r:.80}",
            fix="Give an array of numbers.",
        )  # fmt: skip
    shape = None if item.shape is None else ("rows", *item.shape)
    if shape is not None and (
        array.ndim != len(shape)
        or any(isinstance(want, int) and want != size for want, size in zip(shape, array.shape, strict=True))
    ):
        raise PackError(
            "E305",
            f"The array has the shape {list(array.shape)}, but the model takes [{', '.join(map(str, shape))}].",
            where=f"input {item.name!r:.80}",
            fix="Give it with this shape; the first axis is the rows.",
        )
    if not np.isfinite(array).all():
        raise PackError(
            "E304", "The array holds NaN or an infinity.", where=f"input {item.name!r:.80}",
            fix="Give finite numbers; replace missing values before, in training too.",
        )  # fmt: skip
    return array


def _column(item: ArrayInput, array: npt.NDArray[Any]) -> Column:
    if array.ndim == 1:
        return column_of(item.name, array, native=array.dtype)
    dtype = f"tensor[{','.join(map(str, item.shape or array.shape[1:]))}]"
    if value_type(dtype) is None:
        raise PackError(
            "E304",
            f"The array has the shape {list(array.shape[1:])} for each row, which no contract can contain.",
            where=f"input {item.name!r:.80}",
            fix="Give at most 8 axes and 2**20 elements for each row.",
        )
    values: Any = [ArrayValue(row) for row in array.copy()]  # some models modify their input
    return Column(item.name, dtype, values, math.nan, native=array.dtype)


def _built(values: Sequence[Any], given: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values in the dtype of the given array; in float64 if one is missing and that dtype has no NaN."""
    array = as_numbers(values) if given.ndim == 1 else stacked(values, given.shape[1:])
    return array if given.dtype.kind != "f" and np.isnan(array).any() else array.astype(given.dtype)
