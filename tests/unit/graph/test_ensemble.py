"""The tree operator against a walk in Python, however its forks are turned for speed."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestRegressor

from sealift.graph import trees
from sealift.graph.builder import Graph
from sealift.runtime import Engine

COMPARE = {
    trees.LEQ: operator.le,
    trees.LT: operator.lt,
    trees.GTE: operator.ge,
    trees.GT: operator.gt,
}
WIDTH = 3
EDGES = [0.0, -0.0, 1.0, -1.0, 0.1, 5e-324, -5e-324, 1e-45, 3.4028234663852886e38, -3.4028234663852886e38]
EDGES += [float("inf"), float("-inf")]


def grown(random: np.random.Generator, depth: int, modes: list[int], missing: bool) -> trees.Tree:
    """A tree in preorder with leaves that add up exactly."""
    rows: list[list[float]] = []

    def grow(left: int) -> int:
        place = len(rows)
        if left == 0 or random.random() < 0.2:
            rows.append([-1, 0.0, 0, 0, 0, float(random.integers(-50, 50)), trees.LEQ])
            return place
        split = float(random.choice(EDGES)) if random.random() < 0.5 else float(random.normal())
        row = [float(random.integers(WIDTH)), split, 0, 0, float(missing and random.random() < 0.5), 0.0]
        rows.append([*row, float(random.choice(modes))])
        rows[place][2], rows[place][3] = grow(left - 1), grow(left - 1)
        return place

    grow(depth)
    table = np.array(rows)
    whole = table[:, [0, 2, 3]].astype(np.int64).T
    return trees.Tree(
        whole[0], table[:, 1], whole[1], whole[2], table[:, 4] != 0, table[:, 5], 0, table[:, 6].astype(np.uint8)
    )


def walked(tree: trees.Tree, row: npt.NDArray[Any], dtype: type) -> float:
    node = 0
    assert tree.mode is not None
    while tree.feature[node] >= 0:
        value = row[tree.feature[node]]
        with np.errstate(over="ignore"):
            holds = COMPARE[int(tree.mode[node])](value, dtype(tree.split[node]))
        yes = tree.nan_true[node] if np.isnan(value) else holds
        node = int(tree.true_child[node] if yes else tree.false_child[node])
    return float(tree.leaf[node])


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    modes=st.lists(st.sampled_from(sorted(COMPARE)), min_size=1, max_size=4, unique=True),
    missing=st.booleans(),
    large=st.booleans(),
    single=st.booleans(),
    targets=st.integers(1, 3),
)
def test_as_a_walk_through_the_trees(
    seed: int, modes: list[int], missing: bool, large: bool, single: bool, targets: int
) -> None:
    random = np.random.default_rng(seed)
    forest = [replace(grown(random, 4, modes, missing), target=int(random.integers(targets))) for _ in range(5)]
    dtype = np.float32 if single else np.float64
    splits = np.concatenate([tree.split for tree in forest])
    with np.errstate(over="ignore"):
        near = [np.nextafter(splits.astype(dtype), dtype(end)) for end in (-np.inf, np.inf)]
        pool = np.concatenate([splits, *near, EDGES, [np.nan, np.inf, -np.inf]]).astype(dtype).astype(np.float64)
    rows = random.choice(pool, (200, WIDTH))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "_LARGE", 0 if large else 10**9)
        graph = Graph()
        x = graph.input("number", "float64", WIDTH)
        total = trees.total(x, forest, targets, "float32" if single else "float64")
        assert total.shape == (None, targets)
        engine = Engine(graph.model({"sum": total}, {}).SerializeToString())
    expected = [
        [sum(walked(tree, row, dtype) for tree in forest if tree.target == k) for k in range(targets)]
        for row in rows.astype(dtype)
    ]
    np.testing.assert_array_equal(engine.run({"number": rows})["sum"], expected)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_constant_is_the_first_summand(dtype: str) -> None:
    forest = [trees.constant(0.5), trees.constant(-3.0, 1), trees.constant(1e9, 1)]
    graph = Graph()
    total = trees.total(graph.input("number", "float64", WIDTH), forest, 2, dtype)
    answers = Engine(graph.model({"sum": total}, {}).SerializeToString()).run({"number": np.zeros((4, WIDTH))})["sum"]
    assert answers.tolist() == [[0.5, float(np.dtype(dtype).type(-3.0) + np.dtype(dtype).type(1e9))]] * 4


@pytest.mark.parametrize(("cached", "nodes"), [(10**9, 1), (40, 2), (0, 6)])
def test_forests_that_outgrow_the_cache_are_several_nodes(
    monkeypatch: pytest.MonkeyPatch, cached: int, nodes: int
) -> None:
    # scikit-learn's trees of two targets, whose leaves hold both.
    random = np.random.default_rng(1)
    rows = random.normal(size=(60, WIDTH)).astype(np.float32).astype(np.float64)
    forest = RandomForestRegressor(6, max_leaf_nodes=7, random_state=0).fit(rows, random.normal(size=(60, 2)))
    grown_trees = []
    for estimator in forest.estimators_:
        tree = estimator.tree_
        missing = np.zeros(tree.node_count, dtype=np.bool_)
        children = tree.children_left, tree.children_right
        leaf = tree.value[:, :, 0]
        grown_trees.append(trees.Tree(tree.feature, trees.before_rounding(tree.threshold), *children, missing, leaf))
    monkeypatch.setattr(trees, "_CACHED", cached)
    graph = Graph()
    x = graph.input("number", "float64", WIDTH)
    outputs = {"sum": trees.total(x, grown_trees), "leaves": trees.leaves(x, grown_trees)}
    model = graph.model(outputs, {})
    assert [node.op_type for node in model.graph.node].count("TreeEnsemble") == nodes + 1
    answers = Engine(model.SerializeToString()).run({"number": rows})
    np.testing.assert_allclose(answers["sum"] / 6, forest.predict(rows), rtol=1e-13)
    np.testing.assert_array_equal(answers["leaves"], forest.apply(rows))


@pytest.mark.parametrize(
    ("targets", "large", "kinds"),
    [
        (1, 0, ["Neg", "Concat", "TreeEnsemble"]),
        (1, 1, ["TreeEnsemble"]),
        (2, -1000, ["Neg", "Concat", "TreeEnsemble", "TreeEnsemble", "Concat"]),
        (2, 1, ["TreeEnsemble"]),
    ],
)
def test_from_which_size_on_forests_are_stored_for_many_rows(
    monkeypatch: pytest.MonkeyPatch, targets: int, large: int, kinds: list[str]
) -> None:
    random = np.random.default_rng(3)
    forest = [replace(grown(random, 4, [trees.LEQ], True), target=i % targets) for i in range(4)]
    monkeypatch.setattr(trees, "_LARGE", sum(len(tree.feature) for tree in forest) + large)
    rows = np.round(random.normal(size=(20, WIDTH)), 2)
    graph = Graph()
    total = trees.total(graph.input("number", "float64", WIDTH), forest, targets)
    model = graph.model({"sum": total}, {})
    assert [node.op_type for node in model.graph.node] == kinds
    expected = [
        [sum(walked(t, row, np.float64) for t in forest if t.target == k) for k in range(targets)] for row in rows
    ]
    np.testing.assert_array_equal(Engine(model.SerializeToString()).run({"number": rows})["sum"], expected)
    graph = Graph()
    places = trees.leaves(graph.input("number", "float64", WIDTH), forest)
    model = graph.model({"places": places}, {})
    assert ("Neg" in [node.op_type for node in model.graph.node]) is (large <= 0)
    answers = Engine(model.SerializeToString()).run({"number": rows})["places"]
    sums = [[forest[k].leaf[place] for k, place in enumerate(row)] for row in answers.tolist()]
    assert np.sum(sums, axis=1).tolist() == np.sum(expected, axis=1).tolist()


def test_wide_tables_give_only_the_columns_that_are_compared() -> None:
    random = np.random.default_rng(0)
    forest = [grown(random, 4, [trees.LEQ], False) for _ in range(400)]
    graph = Graph()
    x = graph.input("number", "float64", 1000)
    total = trees.total(x, forest)
    model = graph.model({"sum": total}, {})
    assert [node.op_type for node in model.graph.node] == ["Gather", "Neg", "Concat", "TreeEnsemble"]
    rows = random.normal(size=(20, 1000))
    expected = [sum(walked(tree, row, np.float64) for tree in forest) for row in rows]
    np.testing.assert_array_equal(Engine(model.SerializeToString()).run({"number": rows})["sum"][:, 0], expected)
