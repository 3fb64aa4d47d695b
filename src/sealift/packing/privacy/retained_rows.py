"""Where fitted estimators keep whole rows of their training data: one list for the card, the notes and the doctor."""

from __future__ import annotations

from typing import Any

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
