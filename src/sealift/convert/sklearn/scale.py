"""Scalers (`preprocessing/_data.py`): each operation in the input's own precision, as done in place there."""

from __future__ import annotations

from typing import Any

from sklearn import preprocessing

from sealift.convert.registry import converter
from sealift.convert.table import Table


@converter(preprocessing.StandardScaler)
def standard(step: Any, x: Table) -> Table:
    """Minus the mean, over the deviation."""
    values = x.numbers()
    dtype = values.dtype
    if step.with_mean:
        values = (values - step.mean_).cast(dtype)
    if step.with_std:
        values = (values / step.scale_).cast(dtype)
    return Table.of(values, x.names)


@converter(preprocessing.MinMaxScaler)
def min_max(step: Any, x: Table) -> Table:
    """Times the scale, plus the minimum, clipped where asked."""
    values = x.numbers()
    dtype = values.dtype
    values = ((values * step.scale_).cast(dtype) + step.min_).cast(dtype)
    if step.clip:
        values = values.clip(*step.feature_range)
    return Table.of(values, x.names)


@converter(preprocessing.RobustScaler)
def robust(step: Any, x: Table) -> Table:
    """Minus the median, over the quantile range."""
    values = x.numbers()
    dtype = values.dtype
    if step.with_centering:
        values = (values - step.center_).cast(dtype)
    if step.with_scaling:
        values = (values / step.scale_).cast(dtype)
    return Table.of(values, x.names)


@converter(preprocessing.MaxAbsScaler)
def max_abs(step: Any, x: Table) -> Table:
    """Over the greatest magnitude."""
    values = x.numbers()
    return Table.of((values / step.scale_).cast(values.dtype), x.names)
