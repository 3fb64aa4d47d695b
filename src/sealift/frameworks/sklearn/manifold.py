"""Embeddings and neighbour graphs of new rows (`manifold/`, `neighbors/_graph.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import manifold, neighbors

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.column_names import named
from sealift.frameworks.sklearn.distances import Metric
from sealift.frameworks.sklearn.kernel_maps import kernel_components
from sealift.frameworks.sklearn.linear import dense
from sealift.frameworks.sklearn.neighbors import nearest
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.control_flow import scan
from sealift.graph.special_functions import solve
from sealift.graph.table import Table


@converter(manifold.Isomap)
def isomap(step: Any, x: Table) -> Table:
    """The shortest path to each training row through the nearest ones, then kernel PCA of the squared lengths."""
    ways = np.asarray(step.dist_matrix_)
    search = step.nbrs_

    def embedded(length: Tensor) -> list[Tensor]:
        return [kernel_components(step.kernel_pca_, length * length * -0.5)]

    if step.n_neighbors is None:
        points = dense(search._fit_X)
        metric = Metric.of(search.effective_metric_, search.effective_metric_params_)

        def through_near(row: Tensor) -> list[Tensor]:
            reduced = metric.reduced(row, points)
            near = where(reduced <= float(search.radius) ** metric.power, metric.full(reduced), np.inf)
            return embedded((near.matrix() + ways).min(axis=0))

        (result,) = scan(x.numbers().cast("float64"), through_near)
    else:
        distance, index = nearest(search, x, search.n_neighbors, ways)
        count = distance.width

        def through_nearest(row: Tensor) -> list[Tensor]:
            gap, rows = _halves(row, count)
            return embedded((rows.take_from(ways) + gap.matrix()).min(axis=0))

        (result,) = scan(concat([distance, index.cast("float64")]), through_nearest)
    return named(step, result, x)


@converter(manifold.LocallyLinearEmbedding)
def locally_linear(step: Any, x: Table) -> Table:
    """The combination of the embedded neighbours with the weights that best reconstruct the row."""
    points = dense(step.nbrs_._fit_X)
    values = x.numbers().cast("float64")
    _, index = nearest(step.nbrs_, x, step.n_neighbors, np.arange(len(points)))
    count = index.width

    def body(row: Tensor) -> list[Tensor]:
        own, rows = _halves(row, x.width)
        gap = rows.take_from(points) - own
        products = gap @ gap.op("Transpose", shape=(x.width, count), perm=[1, 0])
        trace = (gap * gap).sum().sum()
        ridge = where(trace > 0.0, trace * float(step.reg), float(step.reg))
        weights = solve(products + ridge * np.eye(count), row.graph.constant(np.ones(count)))
        return [(weights / weights.sum()) @ rows.take_from(np.asarray(step.embedding_))]

    (embedded,) = scan(concat([values, index.cast("float64")]), body)
    return named(step, embedded, x)


@converter(neighbors.KNeighborsTransformer)
def nearest_graph(step: Any, x: Table) -> Table:
    """The distance, or 1, at each of the nearest training rows; 0 at all others."""
    rows = step.n_samples_fit_
    count = step.n_neighbors + (step.mode == "distance")
    distance, index = nearest(step, x, count, np.arange(rows))
    weights = distance if step.mode == "distance" else distance * 0.0 + 1.0

    def body(row: Tensor) -> list[Tensor]:
        weight, at = _halves(row, count)
        nothing = row.graph.constant(np.zeros(rows))
        return [nothing.op("ScatterElements", at, weight, axis=0)]

    (wide,) = scan(concat([weights, index.cast("float64")]), body)
    return named(step, wide, x)


@converter(neighbors.RadiusNeighborsTransformer)
def radius_graph(step: Any, x: Table) -> Table:
    """The distance, or 1, at each training row within the radius; 0 at all others."""
    points = dense(step._fit_X)
    metric = Metric.of(step.effective_metric_, step.effective_metric_params_)

    def body(row: Tensor) -> list[Tensor]:
        reduced = metric.reduced(row, points)
        weight: Any = metric.full(reduced) if step.mode == "distance" else 1.0
        return [where(reduced <= float(step.radius) ** metric.power, weight, 0.0)]

    (edges,) = scan(x.numbers().cast("float64"), body)
    return named(step, edges, x)


def _halves(row: Tensor, at: int) -> tuple[Tensor, Tensor]:
    """The first `at` entries of a vector, and the rest as int64."""
    size = int(row.shape[0] or 0)
    first = row.op("Slice", np.array([0]), np.array([at]), shape=(at,))
    return first, row.op("Slice", np.array([at]), np.array([size]), shape=(size - at,)).cast("int64")
