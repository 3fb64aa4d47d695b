"""Clusterers (`cluster/`): the nearest centre, by the expanded squared distances that the originals compare."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import cluster

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.column_names import named
from sealift.frameworks.sklearn.linear import dense
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


@converter(cluster.KMeans, cluster.MiniBatchKMeans)
def k_means(step: Any, x: Table) -> StepOutput:
    """The centre with the smallest |c|² − 2x·c; the distances to all."""
    values = x.numbers()
    label = (-_rank(values, step.cluster_centers_)).argmax()
    return StepOutput(label=label, features=named(step, _distances(values, step.cluster_centers_), x))


@converter(cluster.BisectingKMeans)
def bisecting(step: Any, x: Table) -> StepOutput:
    """Traverse the tree of bisections, at each node to the nearer of two centres."""
    values = x.numbers()
    shift = getattr(step, "_X_mean", 0.0)

    def label(node: Any) -> Tensor:
        if node.left is None:
            return x.graph.constant(np.array([node.label], dtype=np.int64))
        centres = np.vstack((node.left.center, node.right.center)) + shift
        rank = _rank(values, centres)
        return where(rank.column(0) <= rank.column(1), label(node.left), label(node.right))

    labels = label(step._bisecting_tree)
    distances = _distances(values, step.cluster_centers_)
    if labels.shape == (1,):  # one cluster: as many labels as rows
        labels = (distances.column(0) * 0.0).cast("int64") + labels
    return StepOutput(label=labels, features=named(step, distances, x))


@converter(cluster.Birch)
def birch(step: Any, x: Table) -> StepOutput:
    """The cluster of the nearest subcluster; the distances to the subclusters."""
    values = x.numbers()
    centres = step.subcluster_centers_
    label = nearest_of(values, centres).take_from(np.asarray(step.subcluster_labels_, dtype=np.int64))
    return StepOutput(label=label, features=named(step, _distances(values, centres), x))


@converter(cluster.MeanShift, cluster.AffinityPropagation)
def centres_only(step: Any, x: Table) -> StepOutput:
    """The nearest cluster centre."""
    if not hasattr(step, "cluster_centers_"):
        raise refuse("It was fitted with affinity='precomputed' and has no centres.", "Use affinity='euclidean'.")
    values = x.numbers()
    centres = dense(step.cluster_centers_)
    if not len(centres):
        raise refuse("It found no cluster; every row would get -1.", "Fit it until it converges (max_iter, damping).")
    return StepOutput(label=nearest_of(values, centres))


@converter(cluster.FeatureAgglomeration)
def agglomeration(step: Any, x: Table) -> Table:
    """One column for each cluster of columns: their mean, or the result of `pooling_func`."""
    values = x.numbers()
    labels = np.asarray(step.labels_)
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    if step.pooling_func is np.mean:
        members = np.array([[float(i in group) for group in groups] for i in range(x.width)])
        pooled = values.cast("float64") @ members / np.array([float(len(group)) for group in groups])
        return named(step, pooled, x)
    pool = _POOLS.get(getattr(step.pooling_func, "__name__", ""))
    if pool is None or getattr(np, step.pooling_func.__name__) is not step.pooling_func:
        raise refuse(
            f"It pools columns by {getattr(step.pooling_func, '__name__', 'a function')!r:.60}.",
            "Use np.mean, np.max, np.min, np.sum or np.median as pooling_func.",
        )
    return named(step, concat(pool(values.columns(group)) for group in groups), x)


def _median(values: Tensor) -> Tensor:
    count = values.width
    ordered, _ = values.smallest(count)
    return ordered.columns([(count - 1) // 2, count // 2]).sum(keepdims=True) / 2.0


_POOLS = {
    "max": lambda values: values.max(keepdims=True),
    "amax": lambda values: values.max(keepdims=True),
    "min": lambda values: values.min(keepdims=True),
    "amin": lambda values: values.min(keepdims=True),
    "sum": lambda values: values.sum(keepdims=True),
    "median": _median,
}


def _rank(values: Tensor, centres: Any) -> Tensor:
    """|c|² − 2x·c, which orders the centres as the distances do."""
    squares = np.einsum("ij,ij->i", centres, centres)
    distances: Tensor = values @ centres.T * -2.0 + squares
    return distances


def squares(values: Tensor, centres: Any) -> Tensor:
    """The squared distances (N, centres) by the expansion of `euclidean_distances`."""
    sizes = np.einsum("ij,ij->i", centres, centres)
    distances: Tensor = (values * values).sum(keepdims=True) + values @ centres.T * -2.0 + sizes
    return distances.clip(0.0, float("inf"))


def nearest_of(values: Tensor, centres: Any) -> Tensor:
    """`pairwise_distances_argmin`: the index (N,) of the nearest centre, the first of equally near ones."""
    return (-squares(values.cast("float64"), centres.astype(np.float64))).argmax()


def _distances(values: Tensor, centres: Any) -> Tensor:
    # float32 is converted to float64 for this, as in `euclidean_distances`.
    return squares(values.cast("float64"), centres.astype(np.float64)).sqrt().cast(values.dtype)
