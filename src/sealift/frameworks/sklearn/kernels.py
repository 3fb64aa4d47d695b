"""Models that compare a row with all training rows by a kernel: kernel ridge and label propagation."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import kernel_ridge, semi_supervised

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.distances import kernel_sum
from sealift.frameworks.sklearn.linear import dense
from sealift.frameworks.sklearn.neighbors import nearest
from sealift.graph.classify import by_probability
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


@converter(kernel_ridge.KernelRidge)
def ridge(step: Any, x: Table) -> StepOutput:
    """The kernel with each training row, weighted."""
    points, weights = dense(step.X_fit_), np.asarray(step.dual_coef_)
    matrix = weights if weights.ndim == 2 else weights[:, None]
    params = {"gamma": step.gamma, "degree": step.degree, "coef0": step.coef0}
    predicted = kernel_sum(x.numbers().cast("float64"), points, matrix, step.kernel, params)
    return StepOutput(value=predicted if weights.ndim == 2 else predicted.vector())


@converter(semi_supervised.LabelPropagation, semi_supervised.LabelSpreading)
def propagation(step: Any, x: Table) -> StepOutput:
    """The label distributions of the training rows, weighted by the kernel or averaged over the nearest ones."""
    points, shares = dense(step.X_), np.asarray(step.label_distributions_)
    values = x.numbers()
    if step.kernel == "rbf":
        weights = kernel_sum(values.cast("float64"), points, shares, "rbf", {"gamma": step.gamma})
    elif step.kernel == "knn":
        _, index = nearest(step.nn_fit, x, step.n_neighbors, shares)
        weights = index.take_from(shares).sum(axis=1)
    else:
        raise refuse("Its kernel is a function.", "Use kernel='rbf' or kernel='knn'.")
    return by_probability(step.classes_, weights / weights.sum(keepdims=True))
