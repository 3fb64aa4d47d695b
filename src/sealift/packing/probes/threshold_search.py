"""Search, by bisection, for the two adjacent values of an input between which a threshold in the graph lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.packing.probes.probe_rows import Row, encoded
from sealift.packing.types import Ordering, type_packing

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]
_TOP = np.int64(0x7FFFFFFFFFFFFFFF)
_LARGEST_WHOLE = float(2**53 - 1)
_LARGEST_SINGLE = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class ThresholdSearch:
    """One search.

    Attributes:
        field: the index of the input that is changed.
        column: the inner column that is compared with the threshold and depends on this input.
        threshold: the threshold.
        row: a row that reaches the comparison.
    """

    field: int
    column: int
    threshold: float
    row: Row


def sides(
    contract: Contract,
    searches: Sequence[ThresholdSearch],
    bounds: Sequence[tuple[float, float]],
    inside: Callable[[dict[str, Any]], _Floats],
) -> list[list[float | int]]:
    """For each search, the adjacent values of the input between which the comparison with the threshold changes.

    The preprocessing between the input and the column must be monotone. A conversion that compares in another precision
    answers differently at one of the two values, or at one of the adjacent float32 values, which are included. The list
    is empty where the comparison does not change within `bounds`.
    """
    if not searches:
        return []
    places = {f: i for i, f in enumerate(next(t.fields for t in contract.tensors if t.name == "number"))}
    columns = {f.name: [search.row[i] for search in searches] for i, f in enumerate(contract.inputs)}
    tensors = dict(encoded(contract, columns).tensors)
    numbers = tensors["number"]
    at = np.arange(len(searches)), np.array([places[search.field] for search in searches])
    inner = np.array([search.column for search in searches])
    threshold = np.array([search.threshold for search in searches])
    kinds = [type_packing(contract.inputs[search.field].dtype) for search in searches]
    orders = [kind.ordering or Ordering() for kind in kinds]
    step = np.array([order.step for order in orders])
    whole, single = np.array([order.whole for order in orders]), np.array([order.single for order in orders])

    def above(keys: _Ints) -> _Bools:
        numbers[at] = _value(keys, whole, single) * step
        return np.asarray(inside(tensors)[at[0], inner] > threshold)

    low = _key(np.array([bounds[t.field][0] for t in searches]) / step, whole, single)
    high = _key(np.array([bounds[t.field][1] for t in searches]) / step, whole, single)
    start = above(low)
    usable = start != above(high)
    for _ in range(66):
        middle = low // 2 + high // 2 + (low & high & 1)
        if not (usable & (middle > low)).any():
            break
        side = above(middle) == start
        low, high = np.where(side, middle, low), np.where(side, high, middle)
    ends = _value(low, whole, single) * step, _value(high, whole, single) * step
    pairs = zip(*(end.tolist() for end in ends), strict=True)
    searched = zip(pairs, kinds, usable.tolist(), strict=True)
    return [kind.around_threshold(pair) if good else [] for pair, kind, good in searched]


# Doubles are mapped to integers in the same order, so that bisection takes 64 steps from any bounds, also near zero.


def _key(values: _Floats, whole: _Bools, single: _Bools) -> _Ints:
    integer = np.clip(np.round(values), -_LARGEST_WHOLE, _LARGEST_WHOLE).astype(np.int64)
    half = np.clip(values, -_LARGEST_SINGLE, _LARGEST_SINGLE).astype(np.float32).view(np.int32).astype(np.int64)
    double = values.view(np.int64)
    # Sign and magnitude become a signed number.
    half = np.where(half < 0, -(half & 0x7FFFFFFF), half)
    double = np.where(double < 0, -(double & _TOP), double)
    return np.where(whole, integer, np.where(single, half, double))


def _value(keys: _Ints, whole: _Bools, single: _Bools) -> _Floats:
    half = np.where(single, keys, 0)
    half = np.where(half < 0, -half - 2**31, half).astype(np.int32).view(np.float32).astype(np.float64)
    double = np.where(keys < 0, -keys + ~_TOP, keys).view(np.float64)
    return np.where(whole, keys.astype(np.float64), np.where(single, half, double))
