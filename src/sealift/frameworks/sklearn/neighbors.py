"""Nearest neighbours (`neighbors/_classification.py`, `neighbors/_regression.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import neighbors

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.distances import Metric
from sealift.frameworks.sklearn.linear import dense
from sealift.frameworks.sklearn.ties import refuse_arbitrary, settled, visits
from sealift.graph.builder import Tensor, where
from sealift.graph.classify import by_probability
from sealift.graph.control_flow import scan
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


def nearest(step: Any, x: Table, count: int, targets: Any) -> tuple[Tensor, Tensor]:
    """`kneighbors`: the distances to the nearest training rows and their indices, both (N, count).

    Args:
        step: the fitted estimator.
        x: the rows.
        count: how many neighbours.
        targets: what is read off a training row, (M,) or (M, k): only where it differs between equally near rows
            does it matter which of them are taken.
    """
    points = dense(step._fit_X)
    metric = Metric.of(step.effective_metric_, step.effective_metric_params_)
    order = visits(step, metric)
    groups = np.unique(np.asarray(targets).reshape(len(points), -1), axis=0, return_inverse=True)[1].ravel()
    if count < len(points):
        refuse_arbitrary(step, points, count, groups)

    def body(row: Tensor) -> list[Tensor]:
        reduced = metric.reduced(row, points)
        values, index = reduced.smallest(count)
        if order is not None and count < len(points):
            index = settled(row, reduced, count, groups, order)
            values = index.take_from(reduced)
        return [metric.full(values), index]

    distance, index = scan(x.numbers().cast("float64"), body)
    return distance, index


def _weights(step: Any, distance: Tensor, *, within: bool = False) -> Tensor | None:
    """The weights (…, k) of neighbours at `distance`; a row's exact matches, if any, share all weight."""
    if step.weights in (None, "uniform"):
        return None
    if step.weights != "distance":
        raise refuse("Its weights are a function.", "Use weights='uniform' or weights='distance'.")
    if step._fit_method == "brute" and step.effective_metric_ in ("euclidean", "l2", "sqeuclidean"):
        raise refuse(
            "It weights by distances of a brute-force search, of which half the digits are wrong near training rows.",
            "Train it with algorithm='kd_tree' or 'ball_tree', whose distances are exact.",
        )
    weight = 1.0 / distance
    # Among a fixed number of neighbours what overflows counts as exact, as there: a distance of 5e-324 too.
    exact = distance.equals(0.0) if within else weight.equals(float("inf"))
    match = exact.cast("float64")
    return where(match.max(keepdims=True) > 0.0, match, weight)


def _deep(matrix: Tensor) -> Tensor:
    return matrix.op("Unsqueeze", np.array([2]), shape=(*matrix.shape, 1))


def _targets(step: Any) -> tuple[Any, list[Any]]:
    """The training targets (M, k) and the classes of each."""
    y = np.asarray(step._y)
    return (y, list(step.classes_)) if step.outputs_2d_ else (y.reshape(-1, 1), [step.classes_])


@converter(neighbors.KNeighborsClassifier)
def classifier(step: Any, x: Table) -> StepOutput:
    """The weighted share of each class among the k nearest rows."""
    distance, index = nearest(step, x, step.n_neighbors, step._y)
    weights = _weights(step, distance)
    outputs = []
    y, known = _targets(step)
    for k, classes in enumerate(known):
        members = index.take_from(np.eye(len(classes))[y[:, k]])
        votes = (members if weights is None else members * _deep(weights)).sum(axis=1)
        outputs.append(
            StepOutput(class_index=votes.argmax(), classes=classes, probability=votes / votes.sum(keepdims=True))
        )
    return StepOutput(targets=tuple(outputs)) if step.outputs_2d_ else outputs[0]


@converter(neighbors.KNeighborsRegressor)
def regressor(step: Any, x: Table) -> StepOutput:
    """The weighted mean of the k nearest rows."""
    distance, index = nearest(step, x, step.n_neighbors, step._y)
    weights = _weights(step, distance)
    y = np.asarray(step._y, dtype=np.float64)
    values = index.take_from(y if y.ndim == 2 else y[:, None])
    if weights is None:
        predicted = values.sum(axis=1) / float(step.n_neighbors)
    else:
        predicted = (values * _deep(weights)).sum(axis=1) / weights.sum(keepdims=True)
    return StepOutput(value=predicted if y.ndim == 2 else predicted.vector())


def _within(step: Any, x: Table, table: Any) -> tuple[Tensor, Tensor]:
    """Over the training rows within the radius: the sum of their rows of `table` (M, k), weighted, and the weights'."""
    points = dense(step._fit_X)
    metric = Metric.of(step.effective_metric_, step.effective_metric_params_)
    radius = float(step.radius)

    def body(row: Tensor) -> list[Tensor]:
        reduced = metric.reduced(row, points)
        inside = reduced <= radius**metric.power
        weights = _weights(step, metric.full(reduced), within=True)
        share = inside.cast("float64")
        if weights is not None:
            share = where(inside, weights, 0.0)
        return [share @ table, share.sum(keepdims=True)]

    total, weight = scan(x.numbers().cast("float64"), body)
    return total, weight


@converter(neighbors.RadiusNeighborsClassifier)
def radius_classifier(step: Any, x: Table) -> StepOutput:
    """The share of each class within the radius, weighted; the outlier label where nothing is.

    Without an outlier label the graph fails for such rows, as the original does.
    """
    y, known = _targets(step)
    tables = np.hstack([np.eye(len(classes))[y[:, k]] for k, classes in enumerate(known)])
    total, weight = _within(step, x, tables)
    isolated = weight.equals(0.0)
    outputs = []
    start = 0
    for k, classes in enumerate(known):
        votes = total.columns(range(start, start + len(classes)))
        start += len(classes)
        if step.outlier_label_ is None:
            choice = where(isolated.vector(), np.array(len(classes)), votes.argmax())
            outputs.append(StepOutput(class_index=choice, classes=classes, probability=votes / weight))
            continue
        place = np.flatnonzero(classes == step.outlier_label_[k])
        if not len(place):
            raise refuse(
                f"Its outlier label {step.outlier_label_[k]!r:.40} is none of the classes.",
                "Use outlier_label='most_frequent' or one of the classes, or pack an outlier detector too.",
            )
        probability = where(isolated, np.eye(len(classes))[place[0]], votes / where(isolated, 1.0, weight))
        outputs.append(by_probability(classes, probability))
    return StepOutput(targets=tuple(outputs)) if step.outputs_2d_ else outputs[0]


@converter(neighbors.RadiusNeighborsRegressor)
def radius_regressor(step: Any, x: Table) -> StepOutput:
    """The weighted mean within the radius; NaN if it contains no row."""
    raw = np.asarray(step._y)
    y = raw.astype(np.float64)
    total, weight = _within(step, x, y if y.ndim == 2 else y[:, None])
    with np.errstate(invalid="ignore"):
        nothing = np.full_like(raw.reshape(len(raw), -1)[0], np.nan).astype(np.float64)
    isolated = weight.equals(0.0)
    predicted = where(isolated, nothing, total / where(isolated, 1.0, weight))
    return StepOutput(value=predicted if y.ndim == 2 else predicted.vector())
