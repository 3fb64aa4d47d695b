"""Rows on a tie and rows far from everything, where the order of operations decides as much as the formula."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.multiclass import OutputCodeClassifier
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from cases import data, fitted, refused, same_fitted

X, Y = data("iris")
GRID, GROUPS = data("grid")
# Powers of two: the originals' rounding is then none of the compared numbers' own.
SIZES = st.integers(0, 60).map(lambda power: 2.0**power)


def far(size: float) -> Any:
    """Rows of iris, some of them with one cell or all of them multiplied."""
    rows = X[::3].copy()
    rows[::2, 0] *= size
    rows[1::4] *= size
    return rows


@settings(max_examples=15)
@given(SIZES)
def test_code_words_of_far_rows(size: float) -> None:
    same_fitted(fitted(OutputCodeClassifier(LinearSVC(random_state=0), random_state=0), X, Y), X, far(size))


def test_code_words_between_classes() -> None:
    model = fitted(OutputCodeClassifier(DecisionTreeClassifier(max_depth=1), code_size=2, random_state=0), GRID, GROUPS)
    same_fitted(model, GRID, GRID)


@settings(max_examples=15)
@given(SIZES, st.sampled_from([None, 0.3]))
def test_nearest_centroids(size: float, shrink: float | None) -> None:
    same_fitted(fitted(NearestCentroid(shrink_threshold=shrink), X, Y), X, far(size))


@pytest.mark.parametrize("kind", [GaussianMixture, BayesianGaussianMixture])
@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
def test_mixtures_far_away(kind: type, covariance: str) -> None:
    # At 2**90 all components are equally far: the shares of the original do not sum to one, and neither may these.
    model = fitted(kind(n_components=2, covariance_type=covariance, random_state=0), X)
    same_fitted(model, X, far(2.0**90)[1::4])


def test_short_rows_are_not_normalised() -> None:
    model = fitted(KNeighborsClassifier(3, metric="cosine"), X, Y)
    same_fitted(model, X, np.vstack([X[::5] * 1e-20, X[::5] * 1e-3, np.zeros((1, 4))]))


@pytest.mark.parametrize("metric", ["chebyshev", "manhattan", "euclidean"])
def test_a_weight_that_overflows_counts_as_exact(metric: str) -> None:
    model = fitted(KNeighborsClassifier(4, metric=metric, weights="distance", algorithm="kd_tree"), GRID, GROUPS)
    rows = GRID[:20].copy()
    rows[rows == 0.0] = 5e-324
    same_fitted(model, GRID, rows)


def test_a_brute_search_on_decimals_is_refused_where_rows_tie() -> None:
    error = refused(
        fitted(KNeighborsClassifier(5, algorithm="brute"), GRID / 10, GROUPS), GRID / 10, "takes now one of them"
    )
    assert "kd_tree" in error.fix
    same_fitted(fitted(KNeighborsClassifier(5, algorithm="brute"), GRID, GROUPS), GRID, GRID)


def test_support_vectors_whose_kernels_cancel() -> None:
    """Kernels near 1 and weights of ±1: the score is what rounding leaves, so the sum keeps libsvm's order."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5)) * 1e-3
    model = SVC(gamma="auto").fit(X, X[:, 0] * X[:, 1] > 0)
    assert np.abs(model.decision_function(X)).max() < 1e-4
    same_fitted(model, X, np.vstack([X, X * 1.5, X * 100, X * 1e6, np.zeros((1, 5))]))
