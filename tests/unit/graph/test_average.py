"""Forests of classifiers: as few traversals as are exact, and ties as the library breaks them."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from parity import assert_same
from sealift.contract import Field
from sealift.frameworks import convert
from sealift.graph import tree_average

RANDOM = np.random.default_rng(4)
GRID = np.array(list(product(range(4), repeat=4)), dtype=np.float64)
X = RANDOM.integers(0, 4, (300, 4)).astype(np.float64)
TWO, THREE = RANDOM.integers(0, 2, 300), RANDOM.integers(0, 3, 300)
FIELDS = [Field(name=name, dtype="float64") for name in "abcd"]


def operators(model: Any) -> list[str]:
    return [node.op_type for node in convert(model, FIELDS).model().graph.node]


@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
def test_two_classes(kind: Any) -> None:
    model = kind(25, max_depth=2, random_state=0).fit(X, TWO)
    assert "If" in operators(model)
    assert_same(model, GRID)


@pytest.mark.parametrize("pairs", [2, 3, 5, 12])
def test_rounding_decides_ties_as_in_the_library(pairs: int) -> None:
    """Beside each tree its contrary: every row is a tie, but for the order in which the shares are rounded."""
    decided = 0
    for seed in range(4):
        model = ExtraTreesClassifier(2 * pairs, max_depth=2, random_state=seed).fit(X, TWO)
        contrary = ExtraTreesClassifier(2 * pairs, max_depth=2, random_state=seed).fit(X, 1 - TWO)
        model.estimators_[pairs:] = contrary.estimators_[:pairs]
        assert_same(model, GRID)
        shares = model.predict_proba(GRID)
        np.testing.assert_allclose(shares, 0.5, atol=1e-12)
        decided += int((shares[:, 0] < shares[:, 1]).sum())
    assert pairs < 3 or decided > 0


def test_pure_leaves_are_counted() -> None:
    distinct = GRID[RANDOM.permutation(len(GRID))[:120]]
    labels = RANDOM.integers(0, 3, 120)
    three = RandomForestClassifier(20, random_state=0).fit(distinct, labels)
    two = RandomForestClassifier(20, random_state=0).fit(distinct, (labels > 0).astype(int))
    for model in (two, three):
        assert not {"If", "Gather", "ReduceSum"} & set(operators(model))
        assert_same(model, GRID)


def test_two_classes_of_a_large_forest_are_one_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    distinct = GRID[RANDOM.permutation(len(GRID))[:120]]
    model = RandomForestClassifier(20, random_state=0).fit(distinct, RANDOM.integers(0, 2, 120))
    assert "Gemm" not in operators(model)
    monkeypatch.setattr(tree_average, "_SMALL", 0)
    assert "Gemm" in operators(model)
    assert_same(model, GRID)


def test_of_a_wide_table_only_the_compared_columns_reach_the_trees() -> None:
    wide = RANDOM.normal(size=(80, 400))
    model = RandomForestClassifier(3, max_features=20, random_state=0).fit(wide, RANDOM.integers(0, 3, 80))
    used = {int(f) for tree in model.estimators_ for f in tree.tree_.feature if f >= 0}
    conversion = assert_same(model, wide)
    (node,) = (node for node in conversion.model().graph.node if node.op_type == "TreeEnsemble")
    compared = {i for attribute in node.attribute if attribute.name == "nodes_featureids" for i in attribute.ints}
    assert compared <= set(range(2 * len(used)))


def test_shares_of_three_classes_are_looked_up() -> None:
    model = RandomForestClassifier(9, max_depth=3, random_state=0).fit(X, THREE)
    assert "ReduceSum" in operators(model)
    assert_same(model, GRID)


@pytest.mark.parametrize("labels", [TWO, THREE])
def test_one_tree(labels: Any) -> None:
    assert_same(DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, labels), GRID)
