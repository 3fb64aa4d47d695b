"""Sums, means, extremes and the like over the columns of a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sealift.graph.builder import Tensor, where
from sealift.tracing.array import Array
from sealift.tracing.elementwise import as_type, maximum, minimum, truth
from sealift.tracing.unsupported import UnsupportedOperation, rows_at_once

_Reduction = Callable[[Tensor, int, bool], Tensor]
_LEARNED = {
    "mean": "StandardScaler(with_std=False) subtracts the mean that it learned in fit.",
    "std": "StandardScaler divides by the deviation that it learned in fit.",
    "var": "StandardScaler divides by the deviation that it learned in fit.",
    "max": "MinMaxScaler or MaxAbsScaler use the extremes that they learned in fit.",
    "min": "MinMaxScaler uses the extremes that it learned in fit.",
    "median": "RobustScaler or SimpleImputer(strategy='median') use the median that they learned in fit.",
}


def reduce(name: str, array: Array, axis: Any, *, keepdims: bool = False, ddof: float = 0) -> Array:
    """One of NumPy's reductions along `axis`. Raises UnsupportedOperation where it would run over the rows."""
    tensor = array.tensor()
    axes = list(range(array.ndim)) if axis is None else [int(i) % array.ndim for i in np.atleast_1d(axis).tolist()]
    if any(tensor.shape[i] is None for i in axes):
        plain = name.removeprefix("nan")
        example = f"np.{name}(…, axis=1)" if array.ndim > 1 else f"np.{name}"
        raise rows_at_once(
            f"np.{name} over the rows",
            _LEARNED.get(plain, "") or f"Learn it in fit with a transformer; {example} over columns is fine.",
        )
    if tensor.dtype == "object":
        raise UnsupportedOperation(f"it calls np.{name} on strings", "Encode strings as numbers first.")
    known = (lambda t, i, k: _variance(t, i, k, name, ddof)) if name.endswith(("std", "var")) else _KNOWN.get(name)
    if known is None or (len(axes) > 1 and name not in _STEPWISE):
        raise UnsupportedOperation(
            f"it calls np.{name} in a way that is not traced", "Use np.sum, np.mean, np.min or np.max."
        )
    for i in sorted(axes, reverse=True):
        tensor = known(tensor, i, keepdims)
    return Array(tensor)


def _plain(tensor: Tensor) -> Tensor:
    return tensor.cast("int64") if tensor.dtype == "bool" else tensor


def _float(tensor: Tensor) -> Tensor:
    return tensor if tensor.dtype.startswith("float") else tensor.cast("float64")


def _sum(tensor: Tensor, axis: int, keep: bool) -> Tensor:
    return _plain(tensor).sum(axis=axis, keepdims=keep)


def _prod(tensor: Tensor, axis: int, keep: bool) -> Tensor:
    return _plain(tensor)._reduce("ReduceProd", keep, axis)


def _count(tensor: Tensor, axis: int) -> int:
    size = tensor.shape[axis]
    assert size is not None
    return size


def _mean(tensor: Tensor, axis: int, keep: bool) -> Tensor:
    return _float(tensor).sum(axis=axis, keepdims=keep) / float(_count(tensor, axis))


def _extreme(pair: Callable[[Tensor, Tensor], Tensor]) -> _Reduction:
    def run(tensor: Tensor, axis: int, keep: bool) -> Tensor:
        """Two columns after the other: NaN spreads, as in NumPy."""
        size = _count(tensor, axis)
        if size > _FEW:
            numbers = _plain(tensor)
            result = numbers.max(axis=axis, keepdims=keep) if pair is maximum else numbers.min(axis=axis, keepdims=keep)
            return as_type(_spoiled(tensor, result, axis, keep), tensor.dtype)
        result = _at(tensor, 0, axis, keep)
        for i in range(1, size):
            part = _at(tensor, i, axis, keep)
            both = result | part if pair is maximum else result & part
            result = both if tensor.dtype == "bool" else pair(result, part)
        return result

    return run


def _at(tensor: Tensor, i: int, axis: int, keep: bool) -> Tensor:
    shape = (*tensor.shape[:axis], *((1,) if keep else ()), *tensor.shape[axis + 1 :])
    return tensor.op("Gather", np.array([i] if keep else i), shape=shape, axis=axis)


def _spoiled(tensor: Tensor, result: Tensor, axis: int, keep: bool) -> Tensor:
    """NaN where an entry is."""
    if not tensor.dtype.startswith("float"):
        return result
    return where(_any(tensor.isnan(), axis, keep), np.array(np.nan, tensor.dtype), result)


def _any(tensor: Tensor, axis: int, keep: bool) -> Tensor:
    return _sum(truth(tensor), axis, keep) > 0


def _all(tensor: Tensor, axis: int, keep: bool) -> Tensor:
    return ~_any(~truth(tensor), axis, keep)


def _variance(tensor: Tensor, axis: int, keep: bool, name: str, ddof: float) -> Tensor:
    values = _float(tensor)
    there = ~values.isnan() if name.startswith("nan") else None
    count: Any = float(_count(tensor, axis)) if there is None else _sum(there, axis, True).cast(values.dtype)
    filled = values if there is None else where(there, values, 0.0)
    gap = filled - filled.sum(axis=axis, keepdims=True) / count
    squares = gap * gap if there is None else where(there, gap * gap, 0.0)
    total = squares.sum(axis=axis, keepdims=True) / (count - ddof)
    if there is not None:
        total = where(count > ddof, total, np.array(np.nan, values.dtype))
    result: Tensor = total.sqrt() if name.endswith("std") else total
    return (
        result
        if keep
        else result.op("Squeeze", np.array([axis]), shape=(*result.shape[:axis], *result.shape[axis + 1 :]))
    )


def _median(tensor: Tensor, axis: int, keep: bool) -> Tensor:
    values = _float(tensor)
    if axis != len(values.shape) - 1:
        raise UnsupportedOperation("it takes the median of an axis that is not the last", "Use axis=1 on a matrix.")
    size = _count(values, axis)
    ordered, _ = values.smallest(size)
    low, high = _at(ordered, (size - 1) // 2, axis, keep), _at(ordered, size // 2, axis, keep)
    return _spoiled(values, low if size % 2 else (low + high) / 2.0, axis, keep)


def _nanmedian(tensor: Tensor, axis: int, keep: bool) -> Tensor:
    values = _float(tensor)
    if axis != len(values.shape) - 1:
        raise UnsupportedOperation("it takes the median of an axis that is not the last", "Use axis=1 on a matrix.")
    missing = values.isnan()
    # What is missing comes last; the middle is that of the others.
    ordered, _ = where(missing, np.array(np.inf, values.dtype), values).smallest(_count(values, axis))
    count = _sum(~missing, axis, True)
    sides = []
    for last in (count - 1, count):
        place = last.op("Div", np.array(2)).op("Max", np.array(0))
        sides.append(ordered.op("GatherElements", place, shape=count.shape, axis=axis))
    odd = count.op("Mod", np.array(2)).equals(np.array(1))
    middle = where(odd, sides[0], (sides[0] + sides[1]) / 2.0)
    result = where(count.equals(np.array(0)), np.array(np.nan, values.dtype), middle)
    return result if keep else result.op("Squeeze", np.array([axis]), shape=values.shape[:axis])


def _arg(kind: str) -> _Reduction:
    def run(tensor: Tensor, axis: int, keep: bool) -> Tensor:
        shape = (*tensor.shape[:axis], *((1,) if keep else ()), *tensor.shape[axis + 1 :])
        values = _plain(tensor)
        if values.dtype.startswith("float"):
            # The first NaN is the extreme, as in NumPy.
            end = np.array(np.inf if kind == "ArgMax" else -np.inf, values.dtype)
            missing = values.isnan()
            first = missing.cast("int64").op("ArgMax", dtype="int64", shape=shape, axis=axis, keepdims=int(keep))
            plain = where(missing, end, values).op(kind, dtype="int64", shape=shape, axis=axis, keepdims=int(keep))
            return where(_any(missing, axis, keep), first, plain)
        return values.op(kind, dtype="int64", shape=shape, axis=axis, keepdims=int(keep))

    return run


def _without_nan(known: _Reduction, instead: float, *, empty: float | None = None) -> _Reduction:
    def run(tensor: Tensor, axis: int, keep: bool) -> Tensor:
        if not tensor.dtype.startswith("float"):
            return known(tensor, axis, keep)
        missing = tensor.isnan()
        result = known(where(missing, np.array(instead, tensor.dtype), tensor), axis, keep)
        return result if empty is None else where(_all(missing, axis, keep), np.array(empty, result.dtype), result)

    return run


def _nanmean(tensor: Tensor, axis: int, keep: bool) -> Tensor:
    values = _float(tensor)
    count = _sum(~values.isnan(), axis, keep).cast(values.dtype)
    return _KNOWN["nansum"](values, axis, keep) / count


_FEW = 64
_MAX, _MIN = _extreme(maximum), _extreme(minimum)
_KNOWN: dict[str, _Reduction] = {
    "all": _all,
    "any": _any,
    "argmax": _arg("ArgMax"),
    "argmin": _arg("ArgMin"),
    "count_nonzero": lambda t, i, k: _sum(truth(t), i, k),
    "max": _MAX,
    "mean": _mean,
    "median": _median,
    "min": _MIN,
    "nanmedian": _nanmedian,
    "nanmax": _without_nan(_MAX, -np.inf, empty=np.nan),
    "nanmean": _nanmean,
    "nanmin": _without_nan(_MIN, np.inf, empty=np.nan),
    "nanprod": _without_nan(_prod, 1.0),
    "nansum": _without_nan(_sum, 0.0),
    "prod": _prod,
    "ptp": lambda t, i, k: _MAX(t, i, k) - _MIN(t, i, k),
    "sum": _sum,
}
_STEPWISE = {"all", "any", "max", "min", "sum", "prod", "mean", "nansum", "nanmax", "nanmin"}
