"""Decision trees and forests: inputs in float32, thresholds and leaves in float64 (`tree/_tree.pyx`)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from sklearn import ensemble, tree

from sealift.frameworks.registry import converter
from sealift.graph import trees
from sealift.graph.builder import Tensor, concat
from sealift.graph.classify import by_probability, one_output
from sealift.graph.step import StepOutput
from sealift.graph.table import Table
from sealift.graph.tree_average import averaged


def compared(x: Table) -> Tensor:
    """The input of the comparisons; the library rounds it to float32, which `to_tree` includes in the thresholds."""
    return x.numbers().cast("float64")


def to_tree(fitted: Any, leaf: Any, target: int = 0) -> trees.Tree:
    """A fitted `sklearn.tree._tree.Tree`, with the values `leaf` (n,) or (n, k) of its nodes."""
    inner = fitted.children_left >= 0
    missing = getattr(fitted, "missing_go_to_left", np.zeros(len(inner)))
    return trees.Tree(
        feature=np.where(inner, fitted.feature, -1),
        split=np.where(inner, trees.before_rounding(fitted.threshold), 0.0),
        true_child=fitted.children_left,
        false_child=fitted.children_right,
        nan_true=inner & (np.asarray(missing) != 0),
        leaf=np.asarray(leaf, dtype=np.float64),
        target=target,
    )


@converter(
    tree.DecisionTreeClassifier,
    tree.ExtraTreeClassifier,
    ensemble.RandomForestClassifier,
    ensemble.ExtraTreesClassifier,
)
def classifier(step: Any, x: Table) -> StepOutput:
    """The leaf's class probabilities for each target; in a forest added tree by tree, then divided."""
    members = getattr(step, "estimators_", [step])
    known = list(step.classes_) if step.n_outputs_ > 1 else [step.classes_]
    ends = np.cumsum([0, *(len(classes) for classes in known)])
    forest = []
    for member in members:
        value = member.tree_.value
        forest.append(to_tree(member.tree_, np.hstack([value[:, k, : len(c)] for k, c in enumerate(known)])))
    if len(known) == 1:
        shares, choice = averaged(compared(x), forest)
        return StepOutput(class_index=choice, classes=one_output(known[0]), probability=shares)
    sums = trees.total(compared(x), forest)
    if len(forest) > 1:
        sums = sums / float(len(forest))
    answers = [by_probability(c, sums.columns(range(a, b))) for c, (a, b) in zip(known, pairwise(ends), strict=True)]
    return StepOutput(targets=tuple(answers))


@converter(
    tree.DecisionTreeRegressor,
    tree.ExtraTreeRegressor,
    ensemble.RandomForestRegressor,
    ensemble.ExtraTreesRegressor,
)
def regressor(step: Any, x: Table) -> StepOutput:
    """The leaf's value, or the mean over the forest."""
    members = getattr(step, "estimators_", [step])
    single = step.n_outputs_ == 1
    forest = [to_tree(m.tree_, m.tree_.value[:, 0, 0] if single else m.tree_.value[:, :, 0]) for m in members]
    sums = trees.total(compared(x), forest)
    if len(forest) > 1:
        sums = sums / float(len(forest))
    return StepOutput(value=sums.vector() if single else sums)


@converter(ensemble.RandomTreesEmbedding)
def embedding(step: Any, x: Table) -> Table:
    """One column for each leaf: 1 if the row reaches it."""
    members = [to_tree(member.tree_, np.zeros(member.tree_.node_count)) for member in step.estimators_]
    reached = trees.leaves(compared(x), members)
    known = step.one_hot_encoder_.categories_
    parts = [
        reached.columns([i]).equals(np.asarray(leaves, dtype=np.int64)[None, :]).cast("float64")
        for i, leaves in enumerate(known)
    ]
    return x.with_values(concat(parts), step.get_feature_names_out())
