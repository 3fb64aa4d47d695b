"""Outlier detectors: 1 for inliers, −1 for outliers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn import covariance, ensemble, linear_model, neighbors

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.forest import compared, to_tree
from sealift.frameworks.sklearn.linear import plane
from sealift.frameworks.sklearn.neighbors import nearest
from sealift.graph import trees
from sealift.graph.builder import Tensor, where
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


def _marked(score: Tensor) -> StepOutput:
    return StepOutput(label=where(score >= 0.0, np.array(1), np.array(-1)), score=score)


@converter(ensemble.IsolationForest)
def isolation(step: Any, x: Table) -> StepOutput:
    """2 to the power of minus the mean depth of the leaves divided by the average depth."""
    members = []
    parts = zip(
        step.estimators_,
        step.estimators_features_,
        step._decision_path_lengths,
        step._average_path_length_per_tree,
        strict=True,
    )
    for member, features, path, average in parts:
        tree = to_tree(member.tree_, path + average - 1.0)
        inner = np.where(tree.feature >= 0, np.asarray(features)[np.maximum(tree.feature, 0)], -1)
        members.append(replace(tree, feature=inner))
    depth = trees.total(compared(x), members).vector()
    usual = float(len(members) * ensemble._iforest._average_path_length([step._max_samples])[0])
    if usual == 0:
        raise refuse("Its trees have one row each.", "Train it with max_samples of at least 2.")

    def score(depths: Any) -> Any:
        return -(2 ** (-np.divide(depths, usual))) - step.offset_

    # The offset is often the score of a training row, so the last bit decides; the label is computed from the depth.
    limit = _least(lambda depths: bool(score(np.array([depths]))[0] >= 0), 0.0, float(2**40))
    label = where(depth >= limit, np.array(1), np.array(-1))
    power = (depth * 0.0 + 2.0) ** (-(depth / usual))
    return StepOutput(label=label, score=-power - float(step.offset_))


def _least(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The least double between `low` and `high` for which a monotone condition holds."""
    if holds(low):
        return low
    first, last = (int(np.float64(value).view(np.int64)) for value in (low, high))
    while last - first > 1:
        middle = (first + last) // 2
        if holds(float(np.int64(middle).view(np.float64))):
            last = middle
        else:
            first = middle
    return float(np.int64(last).view(np.float64))


@converter(covariance.EllipticEnvelope)
def envelope(step: Any, x: Table) -> StepOutput:
    """The squared Mahalanobis distance from the robust centre."""
    gap = x.numbers().cast("float64") - step.location_
    distance = ((gap @ step.get_precision()) * gap).sum()
    return _marked(-distance - float(step.offset_))


@converter(linear_model.SGDOneClassSVM)
def linear(step: Any, x: Table) -> StepOutput:
    """A linear function."""
    return _marked(plane(x.numbers(), step.coef_, 0.0) - float(step.offset_[0]))


@converter(neighbors.LocalOutlierFactor)
def local_factor(step: Any, x: Table) -> StepOutput:
    """The density around the row relative to the density around its neighbours."""
    if not step.novelty:
        raise refuse("With novelty=False it cannot judge new rows.", "Train it with novelty=True.")
    reaches = np.asarray(step._distances_fit_X_[:, step.n_neighbors_ - 1], dtype=np.float64)
    densities = np.asarray(step._lrd, dtype=np.float64)
    distance, index = nearest(step, x, step.n_neighbors_, np.column_stack([reaches, densities]))
    reach = index.take_from(reaches)
    count = float(step.n_neighbors_)
    mean = where(distance >= reach, distance, reach).sum(keepdims=True) / count
    density = 1.0 / (mean + 1e-10)
    ratio = index.take_from(densities) / density
    return _marked(-(ratio.sum() / count) - float(step.offset_))
