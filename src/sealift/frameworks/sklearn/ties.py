"""The order in which scikit-learn chooses among training rows at equal distance.

It keeps the k nearest in a max-heap and drops whatever stands on top when a nearer row comes. Which of several rows at
the distance of the k-th stay depends on the order in which rows come (the tree is searched nearest node first, a brute
search goes by number) and on the heap's inner order. Where such rows differ in what is read off them, both are
repeated here (`neighbors/_binary_tree.pxi`, `utils/_heap.pyx`).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from sklearn import manifold, neighbors
from sklearn.metrics import pairwise_distances
from sklearn.metrics._pairwise_distances_reduction import ArgKmin

from sealift.frameworks.registry import explanation
from sealift.frameworks.sklearn.distances import Metric
from sealift.graph.builder import Tensor, where
from sealift.graph.control_flow import cond, loop
from sealift.graph.step import refuse

Order: TypeAlias = Callable[[Tensor], Tensor]
"""A row (d,) to the places (M,) in which the training rows come, float64."""

_NONE = float(2**62)
_PART = 256


def visits(step: Any, metric: Metric) -> Order | None:
    """The order in which a fitted search visits its training rows; None if its choice among equal ones is arbitrary."""
    if step._fit_method == "brute":
        known = step.effective_metric_ in ArgKmin.valid_metrics()
        count = step.n_samples_fit_
        return (lambda row: row.graph.constant(np.arange(count, dtype=np.float64))) if known else None
    _, index, nodes, bounds = (np.asarray(part) for part in step._tree.get_arrays())
    depth = int(np.log2(len(nodes) + 1)) - 1
    first = len(nodes) // 2
    if nodes["is_leaf"][:first].any():
        return None
    # The path to each leaf: the inner nodes passed, and whether it goes to the right.
    paths = np.empty((first + 1, depth), dtype=np.int64)
    right = np.empty((first + 1, depth), dtype=np.bool_)
    node = np.arange(first, len(nodes))
    for level in reversed(range(depth)):
        right[:, level] = node % 2 == 0
        node = (node - 1) // 2
        paths[:, level] = node
    leaf, place = np.empty(len(index), dtype=np.int64), np.empty(len(index))
    for i, each in enumerate(nodes[first:]):
        held = index[each["idx_start"] : each["idx_end"]]
        leaf[held], place[held] = i, np.arange(len(held))
    powers = 2.0 ** np.arange(depth)[::-1] * (place.max() + 1)
    kd = step._fit_method == "kd_tree"

    def order(row: Tensor) -> Tensor:
        if not depth:
            return row.graph.constant(place)
        far = _box(row, bounds, metric) if kd else _ball(row, bounds, nodes["radius"], metric)
        lefts = np.arange(1, len(nodes), 2)
        swapped = ~(_entries(far, lefts) <= _entries(far, lefts + 1))
        late = (~_entries(swapped, paths).equals(right)).cast("float64")
        return _entries((late * powers).sum(), leaf) + place

    return order


def refuse_arbitrary(step: Any, points: Any, count: int, groups: Any) -> None:
    """Refuse a brute-force search whose answers depend on the number of rows in a call.

    It splits more than 256 training rows into parts, by the count of rows and of processors, and which of equally near
    rows stays depends on the split; other metrics leave it to a partial sort. And it expands Euclidean distances into
    products, whose rounding decides between equally near rows unless all are whole numbers. Tried on some of the
    training rows.

    Raises:
        PackError: E302 when such rows are equally near and differ in what is read off them.
    """
    if step._fit_method != "brute":
        return
    euclidean = step.effective_metric_ in ("euclidean", "l2", "sqeuclidean")
    expanded = euclidean and not np.array_equal(points, points.round())
    if len(points) <= _PART and step.effective_metric_ in ArgKmin.valid_metrics() and not expanded:
        return
    sample = points[:: max(1, len(points) // _PART)]
    far = pairwise_distances(sample, points, metric=step.effective_metric_, **step.effective_metric_params_)
    edge = np.partition(far, count - 1, axis=1)[:, count - 1 : count]
    level = np.abs(far - edge) <= 1e-9 * edge + 1e-12 * np.abs(points).max()
    crowded = ((far < edge) | level).sum(axis=1) > count
    differ = np.where(level, groups, -1).max(axis=1) > np.where(level, groups, len(points)).min(axis=1)
    if (crowded & differ).any():
        raise refuse(
            "Training rows at equal distance differ, and its brute search takes now one of them, now the other.",
            "Train it with algorithm='kd_tree' or 'ball_tree', which always take the same.",
        )


@explanation(
    manifold.Isomap,
    manifold.LocallyLinearEmbedding,
    neighbors.KNeighborsClassifier,
    neighbors.KNeighborsRegressor,
    neighbors.KNeighborsTransformer,
    neighbors.RadiusNeighborsClassifier,
    neighbors.RadiusNeighborsRegressor,
    neighbors.RadiusNeighborsTransformer,
)
def rounding_of_products(step: Any) -> tuple[str, str] | None:
    """A brute search expands Euclidean distances into products (`utils/extmath.py`, `euclidean_distances`)."""
    search = getattr(step, "nbrs_", step)
    if search._fit_method != "brute" or search.effective_metric_ not in ("euclidean", "l2", "sqeuclidean"):
        return None
    return (
        "Its brute search computes a distance as the difference of large products. For rows near a training row that "
        "difference is rounding error, which changes with the processor and with the number of rows asked at once; "
        "the distance of a training row to itself is not 0",
        "Train it with algorithm='kd_tree' or 'ball_tree', which subtract the coordinates, or scale the columns "
        "(StandardScaler) before it.",
    )


def _box(row: Tensor, bounds: Any, metric: Metric) -> Tensor:
    """The least reduced distance from a row to each node's box."""
    low, high = (row.graph.constant(side.T) for side in bounds)
    x = row.matrix()
    gap = _above(low - x) + _above(x - high)
    if metric.name == "chebyshev":
        return gap.max(axis=0)
    return (gap if metric.power == 1.0 else gap * gap if metric.power == 2.0 else gap**metric.power).sum(axis=0)


def _ball(row: Tensor, bounds: Any, radius: Any, metric: Metric) -> Tensor:
    """The least reduced distance from a row to each node's ball."""
    far = _above(metric.distances(row, bounds[0]) - radius)
    return far if metric.power == 1.0 else far * far if metric.power == 2.0 else far**metric.power


def _above(x: Tensor) -> Tensor:
    return where(x > 0.0, x, 0.0)


def _entries(values: Tensor, places: Any) -> Tensor:
    return values.graph.constant(places).take_from(values)


def settled(row: Tensor, reduced: Tensor, count: int, groups: Any, order: Order) -> Tensor:
    """The numbers (count,) of the nearest training rows, by ascending distance.

    Args:
        row: the row (d,).
        reduced: its reduced distances (M,).
        count: how many neighbours; less than M.
        groups: (M,) equal numbers where it does not matter which of two training rows is taken.
        order: in which order the rows come.
    """
    graph = row.graph
    values, index = reduced.smallest(count + 1)
    first = index.op("Slice", np.array([0]), np.array([count]), shape=(count,))
    edge = values.row(count - 1)
    tied = edge.equals(values.row(count))

    def among() -> Tensor:
        level = reduced.equals(edge)
        kinds = graph.constant(np.asarray(groups, dtype=np.float64))
        differ = where(level, kinds, -1.0).max() > where(level, kinds, _NONE).min()
        return cond(differ, lambda: _heap(reduced, count, order(row)), lambda: first)

    return cond(tied, among, lambda: first)


def _heap(reduced: Tensor, count: int, place: Tensor) -> Tensor:
    """The heap's rows, by ascending distance, after all rows are added in the order of `place`."""
    graph = reduced.graph
    levels = int(np.log2(count))
    slots = np.arange(2 * count + 1)
    # Slots beyond the heap are −∞, so that a missing child is never the greater one.
    start = graph.constant(np.where(slots < count, np.inf, -np.inf))
    no_one = graph.constant(np.zeros(len(slots), dtype=np.int64))

    def push(state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        held, rows, last = state
        coming = where((place > last) & (reduced < held.row(0)), place, _NONE)
        now, who = coming.min(), coming.op("ArgMin", dtype="int64", shape=(), axis=0, keepdims=0)
        value = who.take_from(reduced)
        path = [graph.constant(np.array(0))]
        for _ in range(levels):
            left = path[-1] * 2 + 1
            greater = where(left.take_from(held) >= (left + 1).take_from(held), left, left + 1)
            path.append(where(value < greater.take_from(held), greater, path[-1]))
        new_held, new_rows = held, rows
        for here, below in pairwise(path):
            at = here.equals(slots)
            new_held = where(at, below.take_from(held), new_held)
            new_rows = where(at, below.take_from(rows), new_rows)
        at = path[-1].equals(slots)
        pushed = now < _NONE
        return pushed, [
            where(pushed, where(at, value, new_held), held),
            where(pushed, where(at, who, new_rows), rows),
            now,
        ]

    before = graph.constant(np.array(-1.0))
    held, rows, _ = loop(graph, [start, no_one, before], push, int(reduced.shape[0] or 0) + 1)
    kept = held.op("Slice", np.array([0]), np.array([count]), shape=(count,))
    return kept.smallest(count)[1].take_from(rows)
