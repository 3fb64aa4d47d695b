"""Isotonic regression (`isotonic.py`): linear between its thresholds."""

from __future__ import annotations

from typing import Any

from sklearn import isotonic

from sealift.frameworks.registry import converter
from sealift.graph.builder import Tensor, where
from sealift.graph.search import interpolate
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


def stairs(step: Any, x: Tensor) -> Tensor:
    """`predict` of a fitted isotonic regression for x (N,)."""
    knots, values = step.X_thresholds_, step.y_thresholds_
    if step.out_of_bounds == "raise":
        raise refuse("It fails for values out of its range.", "Use out_of_bounds='clip' or out_of_bounds='nan'.")
    x = x.cast(knots.dtype.name)
    if len(values) == 1:
        return x * 0.0 + float(values[0])
    interpolated = interpolate(x.matrix(), [knots], [values]).vector()
    if step.out_of_bounds == "nan":
        inside = (x >= float(step.X_min_)) & (x <= float(step.X_max_))
        interpolated = where(inside, interpolated, float("nan"))
    return interpolated.cast(x.dtype)


@converter(isotonic.IsotonicRegression)
def regressor(step: Any, x: Table) -> StepOutput:
    """A monotone function of one column."""
    value = stairs(step, x.numbers().vector())
    return StepOutput(value=value, features=x.with_values(value.matrix(), step.get_feature_names_out()))
