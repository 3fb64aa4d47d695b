"""What fitted estimators say of the training rows that they keep: for the card, the notes and the doctor.

It is all that can be said where the training rows are not at hand; `examine` compares by value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.stats import SMALL

_ALL = "training rows, all there were"
# Attribute that holds whole training rows → what the method calls them.
_ROWS = {
    "_fit_X": _ALL,
    "support_vectors_": "training rows (its support vectors)",
    "X_train_": _ALL,
    "X_fit_": _ALL,
    "exemplars_": "training rows (its examples)",
}
# These keep rows under a name that elsewhere means something learned.
_ROWS_BY_TYPE = {
    "AffinityPropagation": ("cluster_centers_", "training rows (its examples)"),
    "LabelPropagation": ("X_", _ALL),
    "LabelSpreading": ("X_", _ALL),
    "Nystroem": ("components_", "training rows (its landmarks)"),
}


def rows_kept(estimator: Any) -> tuple[int, str] | None:
    """How many training rows a fitted estimator keeps, and what they are to it; None when it keeps none."""
    name, what = _ROWS_BY_TYPE.get(type(estimator).__name__, ("", ""))
    for attribute, told in [(name, what), *_ROWS.items()]:
        rows = getattr(estimator, attribute, None) if attribute else None
        if rows is not None and getattr(rows, "ndim", 0) == 2 and rows.shape[0]:
            return int(rows.shape[0]), told
    tree = getattr(estimator, "tree_", None)  # KernelDensity
    if tree is not None and hasattr(tree, "data") and not hasattr(tree, "n_node_samples"):
        return len(tree.data), _ALL
    inner = getattr(estimator, "nbrs_", None)  # Isomap, LocallyLinearEmbedding
    return rows_kept(inner) if inner is not None else None


def single_leaves(estimator: Any) -> tuple[int, int]:
    """How many leaves of a regression tree were learned from fewer than SMALL rows, and how many leaves it has."""
    tree = getattr(estimator, "tree_", None)
    if tree is None or not hasattr(tree, "n_node_samples") or hasattr(estimator, "classes_"):
        return 0, 0
    sizes = tree.n_node_samples[tree.children_left == -1]
    return int((sizes < SMALL).sum()), len(sizes)


def single_clusters(estimator: Any) -> tuple[int, int]:
    """How many clusters have fewer than SMALL training rows, and how many there are."""
    labels = getattr(estimator, "labels_", None)
    if labels is None or getattr(estimator, "cluster_centers_", None) is None or np.ndim(labels) != 1:
        return 0, 0
    sizes = np.bincount(np.asarray(labels)[np.asarray(labels) >= 0])
    return int(((sizes > 0) & (sizes < SMALL)).sum()), len(sizes)
