"""Whole numbers as NumPy and pandas compute with them: what a division by 0 gives, and what overflows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.graph.builder import Tensor
from sealift.tracing.array import is_array

_DIVISIONS = ("floor_divide", "remainder")
# Where whole numbers or booleans give something else than floats of the same values do.
_OTHERWISE = frozenset({*_DIVISIONS, "fmod", "reciprocal", "invert", "bitwise_and", "bitwise_or", "bitwise_xor"})
# Where the result may lie beyond a narrow dtype.
_OVERFLOWING = frozenset(
    {"absolute", "add", "floor_divide", "invert", "multiply", "negative", "power", "square", "subtract"}
)
_KEEPING = frozenset({*_DIVISIONS, "absolute", "add", "multiply", "negative", "subtract"})


def by_pandas(function: Any, inputs: Sequence[Any], result: Any, *, nullable: bool) -> Any:
    """The quotient or rest `result` of whole numbers by NumPy's rules, as pandas gives it for columns.

    Where whole numbers are divided by 0, pandas gives infinity or NaN, which are floats; its nullable types give 0 as
    NumPy does, unless the dividend is a single number.
    """
    if function.__name__ not in _DIVISIONS or (nullable and is_array(inputs[0])):
        return result
    _, divisor = inputs
    operands = [value for value in inputs if is_array(value)]
    kinds = {value.dtype.kind for value in operands}
    if not kinds <= set("iub") or (kinds == {"b"} and len(operands) == 2):
        return result
    by_zero = function(*(v.astype(np.float64) if is_array(v) else v for v in inputs))
    return np.where(divisor == 0, by_zero, result)


def keeps_whole(name: str, inputs: Sequence[Any]) -> bool:
    """Whether the operation gives whole numbers of a nullable type, some of them missing (`Series.masked`)."""
    if name not in _KEEPING or not any(getattr(value, "masked", False) for value in inputs if is_array(value)):
        return False
    return all(
        getattr(value, "masked", False) or value.dtype.kind in "iu" if is_array(value) else isinstance(value, int)
        for value in inputs
    )


def with_gaps(name: str, inputs: Sequence[Any], result: Any) -> Any:
    """The result for such numbers: 0 where one is divided by 0, unless the dividend is a single number."""
    if name not in _DIVISIONS or not is_array(inputs[0]):
        return result
    return np.where((inputs[1] == 0) & ~np.isnan(inputs[0]), 0.0, result)


def counts(name: str, kinds: Sequence[np.dtype[Any]], loop: Sequence[np.dtype[Any]]) -> bool:
    """Whether the operation computes otherwise with operands of these `kinds` in `loop` than with floats."""
    if not any(kind.kind in "iub" for kind in kinds):
        return False
    if loop[-1].kind == "f":
        return loop[-1].itemsize < 8
    if loop[0].kind == "b" and name in ("add", "subtract", "negative"):
        return True
    return name in _OTHERWISE or (name in _OVERFLOWING and loop[-1].kind in "iu" and loop[-1].itemsize < 8)


def wrapped_around(name: str, result: Tensor, dtype: np.dtype[Any]) -> Tensor:
    """A result in int64 as the narrower `dtype` holds it."""
    if name not in _OVERFLOWING or dtype.kind not in "iu" or dtype.itemsize == 8:
        return result
    low, size = int(np.iinfo(dtype).min), 1 << (8 * dtype.itemsize)
    return (result - low).op("Mod", np.array(size)) + low


def if_narrow(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """The dtype, where it is one of narrower whole numbers."""
    return dtype if dtype.kind in "iu" and dtype.itemsize < 8 else None
