"""Kernel density (`neighbors/_kde.py`): the log density at a row."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import neighbors
from sklearn.neighbors._kd_tree import kernel_norm

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.distances import Metric
from sealift.graph.builder import Tensor, where
from sealift.graph.classify import log_sum_exp
from sealift.graph.control_flow import scan
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


def _log_kernel(name: str, distance: Tensor, width: float) -> Tensor:
    """The logarithm of the unnormalised kernel; −∞ outside its support."""
    if name == "gaussian":
        return -0.5 * (distance * distance) / (width * width)
    if name == "exponential":
        return -distance / width
    inside = distance < width
    share = where(inside, distance / width, 0.0)
    if name == "tophat":
        return where(inside, 0.0, float("-inf"))
    if name == "cosine":
        logs = (share * (0.5 * np.pi)).op("Cos").log()
    else:
        logs = (1.0 - (share * share if name == "epanechnikov" else share)).log()
    return where(inside, logs, float("-inf"))


@converter(neighbors.KernelDensity)
def density(step: Any, x: Table) -> StepOutput:
    """The logarithm of the mean of the kernels around the training rows."""
    if step.atol or step.rtol:
        raise refuse("It is allowed to be inexact.", "Train it with atol=0 and rtol=0.")
    tree = step.tree_
    if len(tree.get_arrays()[2]) > 1:
        # With several nodes, it subtracts bounds, and a low density consists only of their rounding errors.
        raise refuse(
            "The result of its tree search for rows far from the training rows consists of rounding errors.",
            "Train it with a leaf_size of at least the number of training rows, which is exact.",
        )
    points = np.asarray(tree.data, dtype=np.float64)
    weights = None if tree.sample_weight is None else np.asarray(tree.sample_weight, dtype=np.float64)
    total = len(points) if weights is None else float(tree.sum_weight)
    width = float(step.bandwidth_)
    shift = float(kernel_norm(width, points.shape[1], step.kernel, return_log=True) - np.log(total))
    if not np.isfinite(shift):
        raise refuse("scikit-learn answers NaN for this kernel and number of columns.", "Use kernel='gaussian'.")
    metric = Metric.of(step.metric, step.metric_params or {})

    def body(row: Tensor) -> list[Tensor]:
        logs = _log_kernel(step.kernel, metric.distances(row, points), width)
        if weights is not None:
            logs = logs + np.log(weights)
        nothing = logs.max(keepdims=True).equals(float("-inf"))
        return [where(nothing, float("-inf"), log_sum_exp(where(nothing, 0.0, logs)) + shift)]

    (value,) = scan(x.numbers().cast("float64"), body)
    return StepOutput(value=value.vector())
