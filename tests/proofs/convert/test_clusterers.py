"""Clusterers and mixtures: labels, shares, and distances to the centres."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import cluster, mixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import cases
import tables

NEAREST = [
    cluster.KMeans(4, random_state=0),
    cluster.KMeans(1, random_state=0),
    cluster.MiniBatchKMeans(4, random_state=0, n_init=3),
    cluster.BisectingKMeans(6, random_state=0),
    cluster.BisectingKMeans(1, random_state=0),
]


@pytest.mark.parametrize("name", ["iris", "wine", "grid"])
@pytest.mark.parametrize(
    "model",
    [
        *NEAREST,
        cluster.Birch(n_clusters=3),
        cluster.Birch(n_clusters=None),
        cluster.MeanShift(bandwidth=2.0),
        cluster.AffinityPropagation(random_state=0, damping=0.9),
    ],
    ids=repr,
)
def test_labels(model: Any, name: str) -> None:
    X, _ = cases.data(name)
    if isinstance(model, cluster.MeanShift) and name == "wine":
        X = StandardScaler().fit_transform(X)
    tables.same(model, X, cases.beyond(X))


@pytest.mark.parametrize("model", NEAREST, ids=repr)
def test_distances_and_precision(model: Any) -> None:
    X = tables.mixed()
    tables.same(make_pipeline(model, StandardScaler()), X, X + 1.0)
    tables.same(model, X.astype(np.float32))


@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize(
    "kind",
    [
        mixture.GaussianMixture(3, random_state=0),
        mixture.BayesianGaussianMixture(n_components=3, random_state=0, max_iter=15),
        mixture.BayesianGaussianMixture(
            n_components=3, random_state=0, max_iter=15, weight_concentration_prior_type="dirichlet_distribution"
        ),
    ],
    ids=repr,
)
def test_mixtures(kind: Any, covariance: Any) -> None:
    model = kind.set_params(covariance_type=covariance)
    for X in (tables.mixed(), cases.data("iris")[0]):
        tables.same(model, X, cases.beyond(X))
    tables.same(make_pipeline(StandardScaler(), model), tables.mixed().astype(np.float32), relative=1e-3)


def test_without_centres_is_refused() -> None:
    X, _ = cases.data("iris")
    distances = -((X[:30, None] - X[None, :30]) ** 2).sum(axis=2)
    given = cases.fitted(cluster.AffinityPropagation(affinity="precomputed", random_state=0), distances)
    cases.refused(given, distances, "precomputed", "euclidean")
    hasty = cases.fitted(cluster.AffinityPropagation(max_iter=1, random_state=0), X)
    cases.refused(hasty, X, "found no cluster", "converges")
