"""Integers that a field of doubles would change.

The contract converts an integer for a field of the type `float64` to the nearest double (spec/CONTRACT.md §2). In a
request, such an integer is refused instead where its type says that it is one: JSON, tensors and Arrow.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from sealift.contract import Contract

_LARGEST = 1 << 53


def is_exact(values: npt.NDArray[Any]) -> bool:
    """Whether doubles represent the integers of an array exactly; true for arrays of other types."""
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8:
        return True
    large: list[int] = values[values > _LARGEST].tolist()
    if values.dtype.kind == "i":
        large += values[values < -_LARGEST].tolist()
    return all(int(float(value)) == value for value in large)


def is_double(contract: Contract, name: str) -> bool:
    """Whether a column is a field of doubles; fields of integers have their own limits."""
    at = contract.index.get(name)
    return at is not None and contract.inputs[at].type.feeds == "number" and not contract.inputs[at].type.is_whole
