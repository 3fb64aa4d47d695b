"""Decision trees and forests: inputs rounded to float32, thresholds and leaves in float64 (`tree/_tree.pyx`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble, tree

from sealift.convert import trees
from sealift.convert.classify import by_probability, one_output
from sealift.convert.graph import Tensor
from sealift.convert.registry import Answer, converter
from sealift.convert.table import Table


def rounded(x: Table) -> Tensor:
    """The inputs as the trees see them: rounded to float32, compared in float64."""
    return x.numbers().cast("float32").cast("float64")


def to_tree(fitted: Any, leaf: Any, target: int = 0) -> trees.Tree:
    """A fitted `sklearn.tree._tree.Tree` with `leaf` (n,) or (n, k) as what its nodes add."""
    inner = fitted.children_left >= 0
    missing = getattr(fitted, "missing_go_to_left", np.zeros(len(inner)))
    return trees.Tree(
        feature=np.where(inner, fitted.feature, -1),
        split=np.where(inner, fitted.threshold, 0.0),
        yes=fitted.children_left,
        no=fitted.children_right,
        nan_yes=inner & (np.asarray(missing) != 0),
        leaf=np.asarray(leaf, dtype=np.float64),
        target=target,
    )


def _values(estimator: Any) -> Any:
    """What each node predicts, (n, k)."""
    value = estimator.tree_.value
    return value[:, 0, :] if value.shape[1] == 1 else value[:, :, 0]


@converter(tree.DecisionTreeClassifier, tree.ExtraTreeClassifier)
def tree_classifier(step: Any, x: Table) -> Answer:
    """The leaf's class shares."""
    one_output(step.classes_)
    return by_probability(step.classes_, trees.total(rounded(x), [to_tree(step.tree_, _values(step))]))


@converter(ensemble.RandomForestClassifier, ensemble.ExtraTreesClassifier)
def forest_classifier(step: Any, x: Table) -> Answer:
    """The mean of the trees' class shares, added tree by tree and then divided."""
    one_output(step.classes_)
    members = [to_tree(member.tree_, _values(member)) for member in step.estimators_]
    return by_probability(step.classes_, trees.total(rounded(x), members) / float(len(members)))


@converter(
    tree.DecisionTreeRegressor,
    tree.ExtraTreeRegressor,
    ensemble.RandomForestRegressor,
    ensemble.ExtraTreesRegressor,
)
def regressor(step: Any, x: Table) -> Answer:
    """The leaf's value, or the mean over the forest."""
    members = getattr(step, "estimators_", [step])
    single = step.n_outputs_ == 1
    forest = [to_tree(m.tree_, _values(m)[:, 0] if single else _values(m)) for m in members]
    found = trees.total(rounded(x), forest)
    if len(forest) > 1:
        found = found / float(len(forest))
    return Answer(value=found.vector() if single else found)
