"""Decompositions, projections, kernel maps, embeddings, sparse codes and selections of columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import (
    cross_decomposition,
    decomposition,
    feature_selection,
    kernel_approximation,
    manifold,
    neighbors,
    neural_network,
)
from sklearn import random_projection as rp
from sklearn.cluster import FeatureAgglomeration
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import cases
import tables


def _far() -> Any:
    return np.random.default_rng(5).normal(size=(30, 8)) * 8


def _classes() -> Any:
    X = tables.mixed()
    return (X[:, 0] > 0).astype(int) + (X[:, 0] > 4)


@pytest.mark.parametrize(
    "model",
    [
        decomposition.PCA(3),
        decomposition.PCA(whiten=True),
        decomposition.PCA(0.9, svd_solver="full"),
        decomposition.IncrementalPCA(3),
        neural_network.BernoulliRBM(4, n_iter=2, random_state=0),
        decomposition.TruncatedSVD(3, random_state=0),
        decomposition.FactorAnalysis(3, random_state=0),
        decomposition.FastICA(3, random_state=0),
        decomposition.FastICA(whiten=False, random_state=0),
        rp.GaussianRandomProjection(5, random_state=0),
        rp.SparseRandomProjection(5, random_state=0),
        kernel_approximation.RBFSampler(gamma=0.01, random_state=0),
        kernel_approximation.PolynomialCountSketch(n_components=31, random_state=0),
        kernel_approximation.PolynomialCountSketch(gamma=0.3, degree=3, coef0=2, n_components=64, random_state=0),
        FeatureAgglomeration(3),
        FeatureAgglomeration(3, pooling_func=np.max),
        FeatureAgglomeration(3, pooling_func=np.median),
        FeatureAgglomeration(3, pooling_func=np.sum),
        FeatureAgglomeration(3, pooling_func=np.min),
    ],
    ids=cases.named,
)
def test_maps(model: Any) -> None:
    X = tables.mixed()
    tables.same(model, X, _far())
    tables.same(model, X.astype(np.float32), relative=1e-3)


@pytest.mark.parametrize("components", [3, 12])
def test_sparse_components(components: int) -> None:
    for kind in (decomposition.SparsePCA, decomposition.MiniBatchSparsePCA):
        X = tables.mixed()
        tables.same_values(cases.fitted(kind(components, random_state=0, max_iter=5), X), X)


@pytest.mark.parametrize(
    "model",
    [
        *(
            kernel_approximation.Nystroem(kernel=kernel, n_components=8, random_state=0)
            for kernel in ("rbf", "poly", "laplacian", "linear", "chi2")
        ),
        *(decomposition.KernelPCA(4, kernel=kernel) for kernel in ("linear", "rbf", "poly", "cosine")),
        kernel_approximation.AdditiveChi2Sampler(),
        kernel_approximation.AdditiveChi2Sampler(sample_steps=1),
        kernel_approximation.AdditiveChi2Sampler(sample_steps=4, sample_interval=0.3),
        kernel_approximation.SkewedChi2Sampler(skewedness=0.5, random_state=0),
    ],
    ids=cases.named,
)
def test_kernels(model: Any) -> None:
    X = np.abs(tables.mixed()) + 0.05
    X[::3, 2] = 0
    tables.same(model, X, np.abs(_far()))


def test_precomputed_kernels() -> None:
    X = tables.mixed()
    tables.same(decomposition.KernelPCA(3, kernel="precomputed"), X @ X.T)
    product = X[:20] @ X[:20].T + np.eye(20) * 50
    tables.same(kernel_approximation.Nystroem(kernel="precomputed", n_components=20, random_state=0), product)


def test_rounding_noise_is_refused() -> None:
    X, _ = cases.data("iris")
    cases.refused(decomposition.KernelPCA(kernel="rbf").fit(X), X, "rounding noise", "n_components=")
    low_rank = kernel_approximation.Nystroem(kernel="linear", n_components=30, random_state=0)
    cases.refused(cases.fitted(low_rank, X), X, "redundant", "fewer components")
    own = decomposition.KernelPCA(2, kernel=lambda a, b: float(a @ b)).fit(X[:20])
    cases.refused(own, X, "kernel")


def test_with_targets() -> None:
    X, y = tables.mixed(), _classes()
    tables.same(neighbors.NeighborhoodComponentsAnalysis(3, random_state=0, max_iter=20), X, _far(), y)
    two = np.column_stack([X[:, 0] - X[:, 3], X[:, 1]])
    tables.same(cross_decomposition.PLSSVD(2), X, _far(), two)
    for model in (
        cross_decomposition.PLSRegression(3),
        cross_decomposition.PLSCanonical(1),
        cross_decomposition.CCA(1),
    ):
        tables.same(model, X, _far(), two)


@pytest.mark.parametrize(
    "model",
    [
        manifold.Isomap(),
        manifold.Isomap(n_neighbors=None, radius=25.0),
        manifold.LocallyLinearEmbedding(random_state=0),
        manifold.LocallyLinearEmbedding(n_neighbors=12, method="modified", random_state=0),
        neighbors.KNeighborsTransformer(),
        neighbors.KNeighborsTransformer(mode="connectivity", n_neighbors=3, metric="manhattan"),
        neighbors.RadiusNeighborsTransformer(radius=6.0),
        neighbors.RadiusNeighborsTransformer(radius=6.0, mode="connectivity", metric="chebyshev"),
    ],
    ids=cases.named,
)
def test_embeddings(model: Any) -> None:
    X = tables.mixed()
    tables.same(model, X, X[:30] + 0.5)


def test_topics() -> None:
    rng = np.random.default_rng(0)
    counts, others = rng.poisson(1.0, size=(40, 20)).astype(float), rng.poisson(2.0, size=(20, 20)).astype(float)
    counts[3] = 0
    tables.same(decomposition.LatentDirichletAllocation(4, random_state=0, max_iter=3), counts, others)
    model = decomposition.LatentDirichletAllocation(3, random_state=0, max_doc_update_iter=3, max_iter=3)
    tables.same(model, counts, others)


@pytest.mark.parametrize(
    "given",
    [
        {"transform_algorithm": "threshold"},
        {"transform_algorithm": "threshold", "transform_alpha": 0.3, "split_sign": True},
        {"transform_algorithm": "threshold", "positive_code": True, "fit_algorithm": "cd"},
        {},
        {"transform_n_nonzero_coefs": 4},
        {"transform_n_nonzero_coefs": 8, "split_sign": True},
    ],
    ids=str,
)
def test_sparse_codes(given: Any) -> None:
    X = tables.mixed()
    tables.same(decomposition.DictionaryLearning(8, random_state=0, max_iter=3, **given), X, _far())
    tables.same(decomposition.MiniBatchDictionaryLearning(9, random_state=0, max_iter=3, **given), X, _far())


def test_given_dictionary() -> None:
    atoms = np.random.default_rng(0).normal(size=(12, 8))
    tables.same(decomposition.SparseCoder(atoms, transform_n_nonzero_coefs=3), tables.mixed(), _far())
    # Twice the same atom: the pursuit ends where nothing is left to explain.
    tables.same(decomposition.SparseCoder(np.eye(4)[[0, 0, 1]], transform_n_nonzero_coefs=3), np.eye(4))


@pytest.mark.parametrize("algorithm", ["lars", "lasso_lars", "lasso_cd"])
def test_paths_are_refused(algorithm: str) -> None:
    X = tables.mixed()
    model = decomposition.SparseCoder(np.eye(8), transform_algorithm=algorithm).fit(X)
    cases.refused(model, X, f"transform_algorithm='{algorithm}'", "'omp' or 'threshold'")


def test_answers_that_depend_on_other_rows_are_refused() -> None:
    X = np.abs(tables.mixed())
    for model in (decomposition.NMF(2, max_iter=5), decomposition.MiniBatchNMF(2, max_iter=5)):
        cases.refused(cases.fitted(model, X), X, "depends on the other rows", "TruncatedSVD")


SELECTORS = [
    feature_selection.SelectKBest(k=3),
    feature_selection.SelectPercentile(percentile=40),
    feature_selection.SelectFpr(),
    feature_selection.SelectFdr(),
    feature_selection.SelectFwe(),
    feature_selection.GenericUnivariateSelect(mode="k_best", param=3),
    feature_selection.VarianceThreshold(),
    feature_selection.SelectFromModel(LogisticRegression(max_iter=20)),
    feature_selection.SelectFromModel(LogisticRegression(max_iter=20), max_features=2, threshold=-np.inf),
    feature_selection.SequentialFeatureSelector(Ridge(), n_features_to_select=2, cv=2),
    feature_selection.RFE(LogisticRegression(max_iter=20), n_features_to_select=3),
    feature_selection.RFECV(LogisticRegression(max_iter=20), cv=2, step=3),
]


@pytest.mark.parametrize("model", SELECTORS, ids=repr)
def test_selectors(model: Any) -> None:
    X, y = tables.mixed(), _classes()
    tables.same(model, X, _far(), y)
    tables.same(make_pipeline(model, StandardScaler()), X, _far(), y)


def test_selectors_of_a_regressor_and_of_nothing() -> None:
    X, y = tables.mixed(), _classes()
    tables.same(feature_selection.RFE(Ridge(), n_features_to_select=3), X, _far(), X[:, 0])
    nothing = cases.fitted(feature_selection.SelectFpr(alpha=1e-300), X, np.resize([0, 1], len(y)))
    cases.refused(nothing, X, "selects no column", "Loosen")


def test_own_pooling_is_refused() -> None:
    X = tables.mixed()
    model = FeatureAgglomeration(2, pooling_func=lambda values, axis: values.std(axis=axis)).fit(X)
    cases.refused(model, X, "<lambda>", "np.mean")
