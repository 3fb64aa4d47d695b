"""Linear maps of the columns: decompositions, random projections, learned metrics and similar maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg
from sklearn import cross_decomposition, decomposition, neighbors, random_projection

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.column_names import named
from sealift.frameworks.sklearn.linear import dense
from sealift.graph.table import Table


@converter(decomposition.PCA, decomposition.IncrementalPCA)
def pca(step: Any, x: Table) -> Table:
    """The projection, centred afterwards as in the original, divided by the components' deviations if whitened."""
    turned = step.components_.T
    projected = x.numbers() @ turned - step.mean_.reshape(1, -1) @ turned
    if step.whiten:
        scale = np.sqrt(step.explained_variance_)
        projected = projected / np.maximum(scale, np.finfo(scale.dtype).eps)
    return named(step, projected, x)


@converter(
    decomposition.TruncatedSVD,
    neighbors.NeighborhoodComponentsAnalysis,
    random_projection.GaussianRandomProjection,
    random_projection.SparseRandomProjection,
)
def projection(step: Any, x: Table) -> Table:
    """Projection on the components."""
    return named(step, x.numbers() @ dense(step.components_).T, x)


@converter(decomposition.FactorAnalysis)
def factors(step: Any, x: Table) -> Table:
    """The posterior mean of the factors."""
    weights = step.components_ / step.noise_variance_
    covariance = linalg.inv(np.eye(len(step.components_)) + weights @ step.components_.T)
    return named(step, (x.numbers() - step.mean_) @ weights.T @ covariance, x)


@converter(decomposition.FastICA)
def independent(step: Any, x: Table) -> Table:
    """Projection of the centred columns on the unmixing matrix."""
    values = x.numbers()
    if step.whiten:
        values = (values - step.mean_).cast(values.dtype)
    return named(step, values @ step.components_.T, x)


@converter(decomposition.SparsePCA, decomposition.MiniBatchSparsePCA)
def sparse_pca(step: Any, x: Table) -> Table:
    """Ridge regression of the centred row on the components, by the normal equations or their dual."""
    turned = step.components_.T
    features, components = turned.shape
    values = x.numbers() - step.mean_
    if components > features:
        inverse = linalg.inv(turned @ turned.T + step.ridge_alpha * np.eye(features))
        return named(step, values @ inverse @ turned, x)
    inverse = linalg.inv(turned.T @ turned + step.ridge_alpha * np.eye(components))
    return named(step, values @ turned @ inverse, x)


@converter(cross_decomposition.PLSSVD)
def pls_svd(step: Any, x: Table) -> Table:
    """The scaled columns times the singular vectors."""
    values = x.numbers().cast("float64")
    return named(step, (values - step._x_mean) / step._x_std @ step.x_weights_, x)
