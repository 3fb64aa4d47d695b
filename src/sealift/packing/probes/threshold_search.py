"""Where an input crosses a threshold inside the graph: the two neighbouring values of the input, found by halving."""

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
class Target:
    """A threshold on an inner column that an input moves, and a row on whose path it lies."""

    field: int
    column: int
    threshold: float
    row: Row


def sides(
    contract: Contract,
    targets: Sequence[Target],
    bounds: Sequence[tuple[float, float]],
    inside: Callable[[dict[str, Any]], _Floats],
) -> list[list[float | int]]:
    """For each target the neighbouring values of the input between which the inner column passes the threshold.

    Whatever monotone preprocessing lies between; a conversion that compares in another precision answers differently
    on one of the two, or on one of the float32 neighbours that are given too. Empty where nothing passes.
    """
    if not targets:
        return []
    places = {f: i for i, f in enumerate(next(t.fields for t in contract.tensors if t.name == "number"))}
    columns = {f.name: [target.row[i] for target in targets] for i, f in enumerate(contract.inputs)}
    tensors = dict(encoded(contract, columns).tensors)
    numbers = tensors["number"]
    at = np.arange(len(targets)), np.array([places[target.field] for target in targets])
    inner = np.array([target.column for target in targets])
    threshold = np.array([target.threshold for target in targets])
    kinds = [type_packing(contract.inputs[target.field].dtype) for target in targets]
    orders = [kind.ordering or Ordering() for kind in kinds]
    step = np.array([order.step for order in orders])
    whole, single = np.array([order.whole for order in orders]), np.array([order.single for order in orders])

    def above(keys: _Ints) -> _Bools:
        numbers[at] = _value(keys, whole, single) * step
        return np.asarray(inside(tensors)[at[0], inner] > threshold)

    low = _key(np.array([bounds[t.field][0] for t in targets]) / step, whole, single)
    high = _key(np.array([bounds[t.field][1] for t in targets]) / step, whole, single)
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
    return [kind.beside(pair) if good else [] for pair, kind, good in zip(pairs, kinds, usable.tolist(), strict=True)]


# Doubles in the order of whole numbers, so that halving takes 64 turns from any bounds, near zero too.


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
