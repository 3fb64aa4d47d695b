"""Scalers (`preprocessing/_data.py`): each operation in the precision of the input, as in the original.

A sparse matrix is multiplied by the reciprocal of the scale, a dense one is divided by it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import preprocessing

from sealift.frameworks.registry import converter
from sealift.graph.builder import Tensor, where
from sealift.graph.table import Table


@converter(preprocessing.StandardScaler)
def standard(step: Any, x: Table) -> Table:
    """(x − mean) / deviation, both rounded to the precision of the input."""
    values = x.numbers()
    if step.with_mean:
        values = values - step.mean_.astype(values.dtype)
    if step.with_std:
        values = _scaled(values, step.scale_, x) if x.sparse else values / step.scale_.astype(values.dtype)
    return x.with_values(values, x.names)


@converter(preprocessing.MinMaxScaler)
def min_max(step: Any, x: Table) -> Table:
    """x · scale + minimum, optionally clipped."""
    values = x.numbers()
    dtype = values.dtype
    values = ((values * step.scale_).cast(dtype) + step.min_).cast(dtype)
    if step.clip:
        values = values.clip(*step.feature_range)
    return x.with_values(values, x.names)


@converter(preprocessing.RobustScaler)
def robust(step: Any, x: Table) -> Table:
    """(x − median) / quantile range."""
    values = x.numbers()
    dtype = values.dtype
    if step.with_centering:
        values = (values - step.center_).cast(dtype)
    if step.with_scaling:
        values = _scaled(values, step.scale_, x)
    return x.with_values(values, x.names)


@converter(preprocessing.MaxAbsScaler)
def max_abs(step: Any, x: Table) -> Table:
    """x / maximum magnitude, optionally clipped."""
    values = x.numbers()
    values = _scaled(values, step.scale_, x)
    if getattr(step, "clip", False):
        values = values.clip(-1.0, 1.0)
    return x.with_values(values, x.names)


@converter(preprocessing.Normalizer)
def normalizer(step: Any, x: Table) -> Table:
    """x / norm of the row; rows with a norm near zero are not changed."""
    values = x.numbers()
    norm = _norm(values, step.norm)
    small = norm.equals(0.0) if x.sparse else norm < 10 * float(np.finfo(values.dtype).eps)
    return x.with_values(values / where(small, 1.0, norm), x.names)


@converter(preprocessing.Binarizer)
def binarizer(step: Any, x: Table) -> Table:
    """1 above the threshold, else 0."""
    values = x.numbers()
    return x.with_values((values > float(step.threshold)).cast(values.dtype), x.names)


@converter(preprocessing.KernelCenterer)
def centerer(step: Any, x: Table) -> Table:
    """A kernel matrix, centred in the space that the kernel spans."""
    return x.with_values(centered(step, x.numbers()), x.names)


def centered(step: Any, kernel: Tensor) -> Tensor:
    """A fitted KernelCenterer on a kernel matrix (N, training rows)."""
    dtype = kernel.dtype
    fitted: Any = step.K_fit_rows_
    rows = kernel.sum(keepdims=True) / float(len(fitted))
    result: Tensor = (kernel - fitted).cast(dtype) - rows + np.asarray(step.K_fit_all_)
    return result.cast(dtype)


def _scaled(values: Tensor, scale: Any, x: Table) -> Tensor:
    scaled: Tensor = values * (1.0 / scale) if x.sparse else values / scale
    return scaled.cast(values.dtype)


def _norm(values: Tensor, name: str) -> Tensor:
    if name == "l2":
        return (values * values).sum(keepdims=True).sqrt()
    size = values.abs()
    return size.sum(keepdims=True) if name == "l1" else size.max(keepdims=True)
