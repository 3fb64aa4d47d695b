"""`SplineTransformer` (`preprocessing/_polynomial.py`; `scipy.interpolate.BSpline`): de Boor's recursion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import preprocessing

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.column_names import named
from sealift.graph.builder import Tensor, where
from sealift.graph.search import look_up, positions
from sealift.graph.step import refuse
from sealift.graph.table import Table


@converter(preprocessing.SplineTransformer)
def spline(step: Any, x: Table) -> Table:
    """The values of the basis splines, 0 for missing values, with the extrapolation of the step."""
    misplaced = step.extrapolation not in ("constant", "linear") and x.width > 1
    if step.sparse_output and step.handle_missing == "zeros" and misplaced:
        raise refuse(
            "With sparse_output=True scikit-learn puts a missing value at the smallest value of the rows at hand.",
            "Fit it with sparse_output=False, which gives missing values 0 as its documentation says.",
        )
    given = x.numbers()
    values = given.cast("float64")
    splines = step.bsplines_
    count = splines[0].c.shape[1]
    ends = _boundaries(step)
    inside = _periodic(values, ends.low, ends.high) if step.extrapolation == "periodic" else values
    first, basis = _basis(inside, np.array([s.t for s in splines]), int(step.degree))
    source = np.repeat(np.arange(x.width), count)
    numbers = np.tile(np.arange(count), x.width)[None, :]
    values_of = first.columns(source).cast("float64") * 0.0
    for i, part in enumerate(basis):
        place = first.columns(source) + i
        if step.extrapolation == "periodic":
            place = where(place >= count, place - count, place)
        values_of = values_of + where(place.equals(numbers), part.columns(source), 0.0)
    wide, low, high = values.columns(source), ends.low[source][None, :], ends.high[source][None, :]
    if step.extrapolation in ("constant", "linear"):
        below, above = (wide - low) * ends.slopes[0] + ends.levels[0], (wide - high) * ends.slopes[1] + ends.levels[1]
        values_of = where(wide < low, below, where(wide > high, above, values_of))
    if step.extrapolation == "error":
        values_of = where((wide < low) | (wide > high), np.nan, values_of)
    values_of = where(wide.isnan(), 0.0, values_of).cast(given.dtype)
    if not step.include_bias:
        values_of = values_of.columns([i for i in range(values_of.width) if (i + 1) % count])
    return named(step, values_of, x)


@dataclass(frozen=True)
class _Ends:
    """The range of each column (columns,), and below and above it each basis spline's level and slope (1, all)."""

    low: Any
    high: Any
    levels: list[Any]
    slopes: list[Any]


def _boundaries(step: Any) -> _Ends:
    count = step.bsplines_[0].c.shape[1]
    degree = int(step.degree)
    shape = (len(step.bsplines_), count)
    low, high = np.zeros(len(step.bsplines_)), np.zeros(len(step.bsplines_))
    levels, slopes = [np.zeros(shape), np.zeros(shape)], [np.zeros(shape), np.zeros(shape)]
    for i, s in enumerate(step.bsplines_):
        low[i], high[i] = s.t[degree], s.t[-degree - 1]
        linear = step.extrapolation == "linear"
        if linear and degree <= 1:
            degree += 1  # as in the original, which never resets it for the columns that follow
        for side, (end, some) in enumerate(((low[i], slice(0, degree)), (high[i], slice(count - degree, count)))):
            levels[side][i, some] = s(end)[some]
            slopes[side][i, some] = s(end, nu=1)[some] if linear else 0.0
    return _Ends(low, high, [a.reshape(1, -1) for a in levels], [a.reshape(1, -1) for a in slopes])


def _basis(x: Tensor, knots: Any, degree: int) -> tuple[Tensor, list[Tensor]]:
    """For each column: the index of the first non-zero basis spline, and the values of the non-zero ones."""
    last = knots.shape[1] - degree - 2
    interval = positions(x, list(knots)) - 1
    interval = interval.op("Clip", np.array(degree), np.array(last))
    around = {shift: look_up(list(knots), interval + shift) for shift in range(1 - degree, degree + 1)}
    basis = [where(x.isnan(), np.nan, 1.0)]
    for j in range(1, degree + 1):
        before, basis = basis, [x * 0.0]
        for n in range(1, j + 1):
            right, left = around[n], around[n - j]
            same = right.equals(left)
            weight = where(same, 0.0, before[n - 1] / where(same, 1.0, right - left))
            basis[n - 1] = basis[n - 1] + weight * (right - x)
            basis.append(weight * (x - left))
    return interval - degree, basis


def _periodic(x: Tensor, low: Any, high: Any) -> Tensor:
    """Python's remainder, within the base interval; 0 for columns without one."""
    period = np.where(high > low, high - low, 1.0)[None, :]
    rest = (x - low[None, :]).op("Mod", period, fmod=1)
    rest = where(rest < 0.0, rest + period, rest)
    return where(x.graph.constant((high > low)[None, :]), low[None, :] + rest, 0.0)
