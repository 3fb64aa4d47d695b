"""Facts about the training rows from attributes of fitted estimators, for the contract, the card and the notes.

Without the training rows nothing else is known; `packing.privacy` compares values.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.frameworks.learned import Learned, RetainedRows, Share
from sealift.frameworks.sklearn import retained
from sealift.stats import SMALL
from sealift.warning_filters import no_warnings

_ALL = "training rows, all there were"
# Attribute that holds whole training rows → what the method calls them.
_ROWS = {
    "_fit_X": _ALL,
    "support_vectors_": "training rows (its support vectors)",
    "X_train_": _ALL,
    "X_fit_": _ALL,
    "exemplars_": "training rows (its examples)",
}
# These store rows in an attribute that contains learned values elsewhere.
_ROWS_BY_TYPE = {
    "AffinityPropagation": ("cluster_centers_", "training rows (its examples)"),
    "LabelPropagation": ("X_", _ALL),
    "LabelSpreading": ("X_", _ALL),
    "Nystroem": ("components_", "training rows (its landmarks)"),
}


class LearnedByEstimator(Learned):
    """The fitted attributes of an estimator.

    Attributes:
        estimator: the fitted estimator.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    @property
    def categories(self) -> Sequence[Sequence[Any]] | None:
        """`categories_` of an encoder."""
        known: Sequence[Sequence[Any]] | None = getattr(self.estimator, "categories_", None)
        return known

    @property
    def constants(self) -> Collection[str | float]:
        """`fill_value` of an imputer with the strategy "constant"."""
        value = getattr(self.estimator, "fill_value", None)
        constant = getattr(self.estimator, "strategy", None) == "constant"
        return {value} if constant and isinstance(value, str | int | float) else set()

    @property
    def rows(self) -> RetainedRows | None:
        """The training rows in an attribute."""
        return _rows(self.estimator)

    @property
    def small_leaves(self) -> Share:
        """The leaves of a regression tree or forest; not of boosted trees, whose leaves are parts of a target value."""
        trees = [self.estimator] if hasattr(self.estimator, "tree_") else []
        if type(self.estimator).__name__ in ("RandomForestRegressor", "ExtraTreesRegressor"):
            trees = list(self.estimator.estimators_)
        shares = [_small_leaves(tree) for tree in trees]
        return Share(sum(share.number for share in shares), sum(share.total for share in shares))

    @property
    def small_clusters(self) -> Share:
        """The clusters of an estimator with centres, by the training rows' labels."""
        labels = getattr(self.estimator, "labels_", None)
        if labels is None or getattr(self.estimator, "cluster_centers_", None) is None or np.ndim(labels) != 1:
            return Share(0, 0)
        sizes = np.bincount(np.asarray(labels)[np.asarray(labels) >= 0])
        return Share(int(((sizes > 0) & (sizes < SMALL)).sum()), len(sizes))

    def target(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
        """Target values (N, k) as a TransformedTargetRegressor transforms them; None if it does not transform them."""
        transformer = getattr(self.estimator, "transformer_", None)
        if transformer is None or not hasattr(self.estimator, "regressor_"):
            return None
        with no_warnings(), np.errstate(all="ignore"):
            try:
                return np.asarray(transformer.transform(values), dtype=np.float64).reshape(len(values), -1)
            except Exception:  # a user's transformer can raise any exception
                return None

    def sentences(self, rows: Any) -> list[str]:
        """The training data in the attributes, in sentences."""
        return retained.sentences(self.estimator, self.rows, rows)


def _rows(estimator: Any) -> RetainedRows | None:
    name, what = _ROWS_BY_TYPE.get(type(estimator).__name__, ("", ""))
    for attribute, sentence in [(name, what), *_ROWS.items()]:
        rows = getattr(estimator, attribute, None) if attribute else None
        if rows is not None and getattr(rows, "ndim", 0) == 2 and rows.shape[0]:
            return RetainedRows(int(rows.shape[0]), sentence)
    tree = getattr(estimator, "tree_", None)  # KernelDensity
    if tree is not None and hasattr(tree, "data") and not hasattr(tree, "n_node_samples"):
        return RetainedRows(len(tree.data), _ALL)
    inner = getattr(estimator, "nbrs_", None)  # Isomap, LocallyLinearEmbedding
    return _rows(inner) if inner is not None else None


def _small_leaves(estimator: Any) -> Share:
    tree = getattr(estimator, "tree_", None)
    if tree is None or not hasattr(tree, "n_node_samples") or hasattr(estimator, "classes_"):
        return Share(0, 0)
    sizes = tree.n_node_samples[tree.children_left == -1]
    return Share(int((sizes < SMALL).sum()), len(sizes))
