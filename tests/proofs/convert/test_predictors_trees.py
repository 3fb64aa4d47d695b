"""Trees and forests with several targets, the embedding into their leaves, and unusual fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import ensemble, multioutput, tree

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
