"""`inverse_transform` of transformers of a target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import pipeline, preprocessing

from sealift.graph.builder import Tensor, stack, where
from sealift.graph.search import interpolate
from sealift.graph.special_functions import log1p
from sealift.graph.step import refuse
from sealift.graph.table import Table
from sealift.tracing import trace


def inverse(step: Any, x: Table, y: Tensor) -> Tensor:
    """`step.inverse_transform(y)` for y (N, k), which was computed from `x`.

    Raises:
        PackError: E302 for a transformer whose inverse is not converted.
    """
    kind = type(step)
    if kind is pipeline.Pipeline:
        for member in reversed([member for _, member in step.steps if member not in (None, "passthrough")]):
            y = inverse(member, x, y)
        return y
    if kind is preprocessing.FunctionTransformer:
        return _function(step, x, y)
    known = _INVERSES.get(kind)
    if known is None:
        names = [each.__name__ for each in (*_INVERSES, preprocessing.FunctionTransformer)]
        raise refuse(
            f"The target was transformed by {kind.__name__}, whose inverse is not converted.",
            f"Transform it with one of {', '.join(sorted(names))}.",
        )
    return known(step, y)


def _function(step: Any, x: Table, y: Tensor) -> Tensor:
    if step.inverse_func is None:
        return y
    return trace(step.inverse_func, x.with_values(y), step.inv_kw_args or {}, frame=False).numbers()


def _standard(step: Any, y: Tensor) -> Tensor:
    y = y * step.scale_ if step.with_std else y
    return y + step.mean_ if step.with_mean else y


def _robust(step: Any, y: Tensor) -> Tensor:
    y = y * step.scale_ if step.with_scaling else y
    return y + step.center_ if step.with_centering else y


def _quantile(step: Any, y: Tensor) -> Tensor:
    if step.output_distribution != "uniform":
        raise refuse(
            "The target was transformed to a normal distribution of its quantiles.",
            "Transform it with output_distribution='uniform', or with PowerTransformer.",
        )
    edges = [step.quantiles_[:, i] for i in range(step.quantiles_.shape[1])]
    return interpolate(y, [step.references_] * len(edges), edges)


def _power(step: Any, y: Tensor) -> Tensor:
    if step.standardize:
        y = _standard(step._scaler, y)
    back = _yeo_johnson if step.method == "yeo-johnson" else _box_cox
    return stack([back(y.column(i), float(power)) for i, power in enumerate(step.lambdas_)])


def _box_cox(y: Tensor, power: float) -> Tensor:
    return y.exp() if power == 0 else (log1p(power * y) / power).exp()


def _yeo_johnson(y: Tensor, power: float) -> Tensor:
    up = (y.exp() if abs(power) < _EPSILON else (y * power + 1.0) ** (1.0 / power)) - 1.0
    other = 2.0 - power
    down = 1.0 - ((-y).exp() if abs(other) <= _EPSILON else (-other * y + 1.0) ** (1.0 / other))
    return where(y >= 0.0, up, down)


_EPSILON = float(np.spacing(1.0))
_INVERSES: dict[type, Callable[[Any, Tensor], Tensor]] = {
    preprocessing.StandardScaler: _standard,
    preprocessing.MinMaxScaler: lambda step, y: (y - step.min_) / step.scale_,
    preprocessing.MaxAbsScaler: lambda step, y: y * step.scale_,
    preprocessing.RobustScaler: _robust,
    preprocessing.PowerTransformer: _power,
    preprocessing.QuantileTransformer: _quantile,
}
