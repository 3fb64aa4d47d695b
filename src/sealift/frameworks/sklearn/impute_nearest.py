"""`KNNImputer` (`impute/_knn.py`): from the nearest training rows, by the columns present in both."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import impute
from sklearn.metrics.pairwise import nan_euclidean_distances

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.impute import indicator, missing_mask
from sealift.graph.builder import Tensor, where
from sealift.graph.control_flow import scan
from sealift.graph.step import refuse
from sealift.graph.table import Block, Table

_SAMPLE = 200  # training rows that are searched for ties


@converter(impute.KNNImputer)
def nearest_imputer(step: Any, x: Table) -> Table:
    """The mean over the nearest training rows that have the value; the column's mean if none is comparable.

    Of equally near rows the first is used.
    """
    if step.metric != "nan_euclidean" or callable(step.weights):
        raise refuse("Its metric or its weights are a function.", "Use metric='nan_euclidean' and weights='uniform'.")
    if step.weights == "distance":
        raise refuse(
            "It weights by 1 / distance, but its distance to an equal row is not 0: it is what rounding left over.",
            "Use weights='uniform'.",
        )
    if _ambiguous(step):
        raise refuse(
            "Equally near training rows have different values, and which of them NumPy uses depends on the machine.",
            "Use IterativeImputer or SimpleImputer.",
        )
    values = x.numbers()
    mask = missing_mask(Block(values, None, x.names), step.missing_values)
    known = values.cast("float64")
    known = where(mask, np.nan, known)
    (filled,) = scan(known, lambda row: [_filled(step, row)])
    filled = where(mask, filled.cast(values.dtype), values)
    kept = np.asarray(step._valid_mask)
    names = list(x.names)
    if not kept.all() and step.keep_empty_features:
        filled = where(x.graph.constant(kept[None, :]), filled, 0.0)
    elif not kept.all():
        filled, names = filled.columns(np.flatnonzero(kept)), [name for name, k in zip(names, kept, strict=True) if k]
    result = x.with_values(filled, names)
    return (
        Table.join([result, indicator(step.indicator_, x.with_values(values, x.names))])
        if step.add_indicator
        else result
    )


def _ambiguous(step: Any) -> bool:
    """Whether a training row without one more column has two k-th neighbours with different values."""
    points = np.where(step._mask_fit_X, np.nan, np.asarray(step._fit_X, dtype=np.float64))
    count = int(step.n_neighbors)
    for column in np.flatnonzero(step._valid_mask):
        donors = points[~np.isnan(points[:, column])]
        if len(donors) <= count:
            continue
        asked = points[:_SAMPLE].copy()
        asked[:, column] = np.nan
        distance = nan_euclidean_distances(asked, donors)
        # Neighbours must not be distinguished by rounding.
        distance = np.where(np.isnan(distance), np.inf, np.round(distance, 9))
        order = np.argsort(distance, axis=1, kind="stable")
        sorted_distance = np.take_along_axis(distance, order, axis=1)
        edge = sorted_distance[:, count - 1 : count]
        held = donors[order, column]
        level = (sorted_distance == edge) & np.isfinite(edge)
        tied = np.isfinite(edge[:, 0]) & (edge[:, 0] == sorted_distance[:, count])
        differ = np.where(level, held, -np.inf).max(axis=1) > np.where(level, held, np.inf).min(axis=1)
        if (tied & differ).any():
            return True
    return False


def _filled(step: Any, row: Tensor) -> Tensor:
    """The replacement for each column of a row (d,)."""
    have = ~np.asarray(step._mask_fit_X)
    points = np.where(have, np.asarray(step._fit_X, dtype=np.float64), 0.0)
    present = ~row.isnan()
    both = present.matrix().cast("float64") * have.T.astype(np.float64)
    gap = where(present, row, 0.0).matrix() - points.T
    shared = both.sum(axis=0)
    square = (gap * gap * both).sum(axis=0) / where(shared > 0.0, shared, 1.0) * float(points.shape[1])
    distance = where(shared > 0.0, square.sqrt(), np.inf)
    donors = where(row.graph.constant(have.T), distance, np.inf)
    near, index = donors.smallest(min(int(step.n_neighbors), len(points)))
    weights = (near < np.inf).cast("float64")
    start = np.arange(points.shape[1])[:, None] * len(points)
    held = (index + start).take_from(points.T.reshape(-1))
    total = weights.sum()
    means = np.divide(points.sum(axis=0), have.sum(axis=0), out=np.zeros(points.shape[1]), where=have.any(axis=0))
    return where(total > 0.0, (held * weights).sum() / where(total > 0.0, total, 1.0), means)
