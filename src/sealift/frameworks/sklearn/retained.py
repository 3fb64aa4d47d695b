"""The training data in a fitted step, in sentences for the persons responsible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from sealift.frameworks.learned import RetainedRows
from sealift.stats import SMALL

_RECORDS = (
    "Whoever has the file can read them, in the units they have at this step; a scaler before it can be undone with "
    "the numbers in the same file. If no record may be disclosed, choose a method that keeps none, or "
    "train on rows that may be."
)


def sentences(estimator: Any, kept: RetainedRows | None, rows: Any = None) -> list[str]:
    """The training data in a fitted step, in sentences without values.

    Args:
        estimator: the fitted step.
        kept: the training rows that it stores.
        rows: the input of the step for the caller's rows, to count rare categories.
    """
    result: list[str] = []
    if kept is not None:
        result.append(f"It holds {kept.number:,} {kept.what}. {_RECORDS}")
    for look in (_tree, _words, _thresholds, _extremes, _constants):
        result += look(estimator)
    result += _categories(estimator, rows)
    return result


def _tree(estimator: Any) -> Iterator[str]:
    tree = getattr(estimator, "tree_", None)
    if tree is None or not hasattr(tree, "n_node_samples"):
        return
    sizes = tree.n_node_samples[tree.children_left == -1]
    single = int((sizes < SMALL).sum())
    if single:
        yield (
            f"{single:,} of its {len(sizes):,} leaves were learned from fewer than {SMALL} rows, so that an answer can "
            f"be that of one person. min_samples_leaf={SMALL} prevents it."
        )


def _words(estimator: Any) -> Iterator[str]:
    words = getattr(estimator, "vocabulary_", None)
    if isinstance(words, dict) and words and hasattr(estimator, "feature_names_"):
        yield (
            f"It holds {len(words):,} keys of the training rows, and their string values. A string that only a "
            "single row had is among them; replace rare ones by one word in training if they could name a person."
        )
    elif isinstance(words, dict) and words:
        yield (
            f"It holds {len(words):,} words or word parts of the training texts. A name or address of a "
            "single text is among them unless min_df is 2 or more."
        )


def _thresholds(estimator: Any) -> Iterator[str]:
    kind = type(estimator).__name__
    if kind == "IsotonicRegression" and hasattr(estimator, "X_thresholds_"):
        yield (
            f"Its {len(estimator.X_thresholds_):,} thresholds are single values of the training data. "
            "With many rows each, they reveal little; calibration with method='sigmoid' holds two numbers only."
        )
    quantiles = getattr(estimator, "quantiles_", None)
    if quantiles is not None and kind == "QuantileTransformer":
        yield (
            f"It holds {quantiles.shape[0]:,} quantiles of each column; with as many quantiles as rows, that is every "
            "value of the column. A smaller n_quantiles reveals less."
        )


def _extremes(estimator: Any) -> Iterator[str]:
    kind = type(estimator).__name__
    if (kind == "MinMaxScaler" and hasattr(estimator, "data_min_")) or (
        kind == "MaxAbsScaler" and hasattr(estimator, "max_abs_")
    ):
        yield (
            "It holds the extremes of each column, which are values of single rows. RobustScaler and StandardScaler "
            "hold none."
        )


def _constants(estimator: Any) -> Iterator[str]:
    if type(estimator).__name__.startswith("Dummy"):
        yield "It answers with a share, mean or constant of the training targets."


def _categories(estimator: Any, rows: Any) -> Iterator[str]:
    known = getattr(estimator, "categories_", None)
    if not isinstance(known, list) or not known:
        return
    texts = [column for column in known if np.asarray(column).dtype.kind in "OUS"]
    if not texts:
        return
    target = type(estimator).__name__ == "TargetEncoder"
    held = f"It holds the names of {sum(map(len, texts)):,} categories"
    held += ", and the mean target of each" if target else ""
    rare = _rare(known, rows)
    if rare is None:
        yield f"{held}. A category that only one person has identifies that person; min_frequency groups rare ones."
    elif rare:
        yield (
            f"{held}, {rare:,} of which fewer than {SMALL} of your rows have. Group rare ones in training "
            "(min_frequency) if they could name a person."
        )


def _rare(known: list[Any], rows: Any) -> int | None:
    """The number of categories that fewer than SMALL rows have; None if it is not known."""
    values = np.asarray(rows, dtype=object) if rows is not None else None
    if values is None or values.ndim != 2 or values.shape[1] != len(known) or len(values) < 10 * SMALL:
        return None
    counts = [Counter(column.tolist()) for column in values.T]
    return sum(
        count[value] < SMALL
        for count, column in zip(counts, known, strict=True)
        for value in column
        if isinstance(value, str)
    )
