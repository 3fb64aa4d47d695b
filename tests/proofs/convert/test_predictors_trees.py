"""Trees and forests with several targets, the embedding into their leaves, and unusual fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import dummy, ensemble, linear_model, multioutput, pipeline, preprocessing, tree

import cases

KINDS = [
    tree.DecisionTreeClassifier(max_depth=4, random_state=0),
    tree.ExtraTreeClassifier(random_state=0),
    ensemble.RandomForestClassifier(7, random_state=0),
    ensemble.ExtraTreesClassifier(7, random_state=0),
]


@pytest.mark.parametrize("model", KINDS, ids=repr)
def test_one_target_and_several(model: Any) -> None:
    X, y = cases.data("iris")
    cases.same(model, "cancer")
    cases.same(model, "labels")
    for other in (y == "setosa").astype(int).astype(str), np.where(y == "virginica", "yes", "no"):
        both = np.column_stack([y, other])
        cases.same_fitted(cases.fitted(model, X, both), X, cases.beyond(X))


@pytest.mark.parametrize(
    "model",
    [
        tree.DecisionTreeRegressor(max_depth=4),
        tree.ExtraTreeRegressor(max_depth=6, random_state=0),
        ensemble.ExtraTreesRegressor(5, random_state=0),
    ],
    ids=repr,
)
def test_several_values(model: Any) -> None:
    cases.same(model, "pair")
    cases.same(multioutput.RegressorChain(model), "pair")


def test_embedding() -> None:
    for sparse in (True, False):
        model = ensemble.RandomTreesEmbedding(6, max_depth=3, sparse_output=sparse, random_state=0)
        X, _ = cases.data("iris")
        conversion = cases.same_fitted(cases.fitted(model, X), X, cases.beyond(X))
        assert conversion.task == "transformation"


def test_one_tree_and_one_leaf() -> None:
    cases.same(ensemble.RandomForestClassifier(1, random_state=0), "iris")
    cases.same(tree.DecisionTreeClassifier(min_samples_leaf=100), "iris")


CLASSIFIERS = [
    tree.DecisionTreeClassifier(max_depth=3, random_state=0),  # shares of 0 and 1
    ensemble.RandomForestClassifier(4, max_depth=4, random_state=0),
    dummy.DummyClassifier(strategy="prior"),
]
REGRESSORS = [
    linear_model.Ridge(),
    tree.DecisionTreeRegressor(max_depth=3, random_state=0),
    pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LinearRegression()),
    dummy.DummyRegressor(strategy="quantile", quantile=0.3),
    "zero",
]


@pytest.mark.parametrize("init", CLASSIFIERS, ids=repr)
@pytest.mark.parametrize(("name", "loss"), [("iris", "log_loss"), ("cancer", "log_loss"), ("cancer", "exponential")])
def test_boosting_from_another_classifier(name: str, loss: str, init: Any) -> None:
    cases.same(ensemble.GradientBoostingClassifier(n_estimators=6, init=init, loss=loss, random_state=0), name)


@pytest.mark.parametrize("init", REGRESSORS, ids=repr)
@pytest.mark.parametrize("loss", ["squared_error", "huber", "quantile"])
def test_boosting_from_another_regressor(loss: str, init: Any) -> None:
    model = ensemble.GradientBoostingRegressor(n_estimators=6, init=init, loss=loss, random_state=0)
    conversion = cases.same(model, "diabetes", relative=1e-5)
    # scikit-learn rounds the rows, and what the first estimator makes of them, to float32.
    assert conversion.single == isinstance(init, (linear_model.Ridge, pipeline.Pipeline))
    if not conversion.single:
        cases.same(model, "diabetes")
