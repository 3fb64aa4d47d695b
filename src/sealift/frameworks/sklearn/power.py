"""`PowerTransformer` (`preprocessing/_data.py`; `scipy.stats.yeojohnson`, `scipy.special.boxcox`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import preprocessing

from sealift.frameworks.registry import converter, transform
from sealift.graph.builder import Tensor, where
from sealift.graph.special_functions import expm1, log1p
from sealift.graph.table import Table


@converter(preprocessing.PowerTransformer)
def power(step: Any, x: Table) -> Table:
    """The power transform of each column, then optionally scaled to mean 0 and deviation 1."""
    values = x.numbers()
    lambdas = np.asarray(step.lambdas_)
    if step.method == "box-cox":
        # SciPy always computes this one in float64.
        lambdas = lambdas.astype(np.float64)
        transformed = _power(values.cast("float64").log(), lambdas, np.abs(lambdas) < 1e-19)
    else:
        eps = np.finfo(np.result_type(lambdas, np.dtype(values.dtype))).eps
        up = _power(log1p(where(values < 0.0, 0.0, values)), lambdas, np.abs(lambdas) < eps)
        down = _power(log1p(where(values < 0.0, -values, 0.0)), 2 - lambdas, np.abs(lambdas - 2) <= eps)
        transformed = where(values < 0.0, -down, up)
    table = x.with_values(transformed.cast(values.dtype), x.names)
    return transform(step._scaler, table, "standardize") if step.standardize else table


def _power(logs: Tensor, lambdas: Any, zero: Any) -> Tensor:
    """(e^(λ·logs) − 1) / λ, and its limit `logs` for the columns where λ is `zero`."""
    safe = np.where(zero, 1, lambdas).astype(lambdas.dtype)
    transformed = expm1(logs * safe) / safe
    return where(logs.graph.constant(zero[None, :]), logs, transformed) if zero.any() else transformed
