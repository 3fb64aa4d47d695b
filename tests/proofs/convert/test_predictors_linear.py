"""Linear models, support vector machines, discriminants and networks answer as scikit-learn does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import discriminant_analysis, linear_model, neighbors, neural_network, svm

import cases

CLASSIFIERS = [
    linear_model.LogisticRegression(max_iter=30),
    linear_model.Perceptron(),
    linear_model.RidgeClassifier(),
    linear_model.RidgeClassifierCV(),
    linear_model.SGDClassifier(max_iter=20, random_state=0),
    linear_model.SGDClassifier(loss="log_loss", max_iter=20, random_state=0),
    linear_model.SGDClassifier(loss="modified_huber", max_iter=20, random_state=0),
    svm.LinearSVC(max_iter=50, random_state=0),
    svm.SVC(),
    svm.SVC(kernel="linear"),
    svm.SVC(kernel="poly", degree=2, coef0=0.5),
    svm.SVC(kernel="sigmoid", coef0=0.1),
    svm.SVC(break_ties=True),
    svm.SVC(decision_function_shape="ovo"),
    svm.NuSVC(nu=0.1, kernel="poly"),
    discriminant_analysis.LinearDiscriminantAnalysis(),
    discriminant_analysis.LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    discriminant_analysis.LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.2),
    neighbors.NearestCentroid(),
    neighbors.NearestCentroid(metric="manhattan", priors="empirical"),
    neighbors.NearestCentroid(shrink_threshold=0.3),
    neural_network.MLPClassifier((6,), max_iter=4, random_state=0),
    neural_network.MLPClassifier((6, 4), activation="tanh", max_iter=4, random_state=0),
    neural_network.MLPClassifier((5,), activation="logistic", max_iter=4, random_state=0),
]


@pytest.mark.parametrize("model", CLASSIFIERS, ids=repr)
@pytest.mark.parametrize("name", cases.CLASSES)
def test_classifiers(model: Any, name: str) -> None:
    cases.same(model, name)


def test_logistic_cross_validated() -> None:
    model = linear_model.LogisticRegressionCV(Cs=2, cv=2, max_iter=30, l1_ratios=(0,), use_legacy_attributes=False)
    cases.same(model, "cancer")


@pytest.mark.parametrize("name", ["iris", "cancer", "wine"])
@pytest.mark.parametrize("kind", [svm.SVC, svm.NuSVC])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_coupled_probabilities(kind: Any, name: str) -> None:
    options = {"nu": 0.1} if kind is svm.NuSVC else {}
    cases.same(kind(probability=True, random_state=0, **options), name)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_passive_aggressive() -> None:
    cases.same(linear_model.PassiveAggressiveClassifier(random_state=0), "iris")
    cases.same(linear_model.PassiveAggressiveRegressor(random_state=0), "diabetes")


@pytest.mark.parametrize("name", ["iris", "wine"])
def test_quadratic_discriminant(name: str) -> None:
    cases.same(discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.1), name)
    cases.same(discriminant_analysis.QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=0.1), name)


REGRESSORS = [
    linear_model.ARDRegression(),
    linear_model.BayesianRidge(),
    linear_model.ElasticNet(),
    linear_model.ElasticNetCV(cv=2),
    linear_model.GammaRegressor(),
    linear_model.HuberRegressor(),
    linear_model.Lars(),
    linear_model.LarsCV(cv=2),
    linear_model.Lasso(),
    linear_model.LassoCV(cv=2),
    linear_model.LassoLars(),
    linear_model.LassoLarsCV(cv=2),
    linear_model.LassoLarsIC(),
    linear_model.LinearRegression(),
    linear_model.LinearRegression(fit_intercept=False),
    linear_model.OrthogonalMatchingPursuit(),
    linear_model.OrthogonalMatchingPursuitCV(cv=2),
    linear_model.PoissonRegressor(),
    linear_model.QuantileRegressor(),
    linear_model.Ridge(),
    linear_model.RidgeCV(),
    linear_model.SGDRegressor(random_state=0),
    linear_model.TheilSenRegressor(random_state=0, max_subpopulation=50),
    linear_model.TweedieRegressor(power=1.5),
    linear_model.TweedieRegressor(power=0),
    neural_network.MLPRegressor(hidden_layer_sizes=(5,), max_iter=4, random_state=0),
    neural_network.MLPRegressor(hidden_layer_sizes=(5,), max_iter=4, random_state=0, loss="poisson"),
    svm.LinearSVR(),
    svm.NuSVR(),
    svm.SVR(),
    svm.SVR(kernel="poly"),
]


@pytest.mark.parametrize("model", REGRESSORS, ids=repr)
def test_regressors(model: Any) -> None:
    cases.same(model, "diabetes")


@pytest.mark.parametrize(
    "model",
    [
        linear_model.LinearRegression(),
        linear_model.MultiTaskElasticNet(),
        linear_model.MultiTaskElasticNetCV(cv=2),
        linear_model.MultiTaskLasso(),
        linear_model.MultiTaskLassoCV(cv=2),
        linear_model.RidgeCV(),
        neural_network.MLPRegressor(hidden_layer_sizes=(5,), max_iter=4, random_state=0),
    ],
    ids=repr,
)
def test_several_values(model: Any) -> None:
    cases.same(model, "pair")


@settings(max_examples=12)
@given(
    kernel=st.sampled_from(["rbf", "poly", "sigmoid", "linear"]),
    gamma=st.floats(1e-3, 2.0),
    coef0=st.floats(-1.0, 1.0),
    degree=st.integers(1, 4),
)
def test_any_kernel_parameters(kernel: str, gamma: float, coef0: float, degree: int) -> None:
    X, y = cases.data("cancer")
    model = svm.SVC(kernel=kernel, gamma=gamma, coef0=coef0, degree=degree, max_iter=200)
    cases.same_fitted(cases.fitted(model, X[:80, :5], y[:80]), X[:80, :5], cases.beyond(X[:80, :5], 20))


def test_sparse_coefficients() -> None:
    X, y = cases.data("iris")
    model = cases.fitted(linear_model.SGDClassifier(random_state=0, max_iter=20), X, y)
    cases.same_fitted(model.sparsify(), X, cases.beyond(X))


@pytest.mark.parametrize("model", [svm.SVC(), linear_model.LogisticRegression(max_iter=30)], ids=repr)
def test_float32_rows(model: Any) -> None:
    X, y = cases.data("cancer")
    narrow = X.astype(np.float32)
    cases.same_fitted(cases.fitted(model, narrow, y), narrow, cases.beyond(X).astype(np.float32), relative=1e-5)


def test_a_kernel_that_is_a_function_is_refused() -> None:
    X, y = cases.data("iris")
    model = cases.fitted(svm.SVC(kernel=lambda a, b: a @ b.T), X, y)
    cases.refused(model, X, "kernel", "linear, poly, rbf or sigmoid")
