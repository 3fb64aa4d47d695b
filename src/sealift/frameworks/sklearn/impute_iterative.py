"""`IterativeImputer` (`impute/_iterative.py`): the fitted sequence of predictors, each for one column."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer

from sealift.frameworks.registry import apply, converter, transform
from sealift.frameworks.sklearn.impute import indicator, missing_mask
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.step import refuse
from sealift.graph.table import Block, Table


@converter(IterativeImputer)
def iterative(step: Any, x: Table) -> Table:
    """In each round, every missing value is predicted from the other columns and clipped to its bounds."""
    if step.sample_posterior:
        raise refuse("It draws at random (sample_posterior=True).", "Fit it with sample_posterior=False.")
    values = x.numbers()
    table = x.with_values(values, x.names)
    start = transform(step.initial_imputer_, table, "initial imputation").numbers()
    mask = missing_mask(Block(values, None, x.names), step.missing_values)
    empty = np.asarray(step._is_empty_feature)
    if empty.any():
        kept = mask.columns(np.flatnonzero(~empty))
        mask = mask & ~empty[None, :] if step.keep_empty_features else kept
    columns = [start.columns([i]) for i in range(start.width)]
    for turn, (index, neighbours, estimator) in enumerate(step.imputation_sequence_ if step.n_iter_ else ()):
        others = x.with_values(concat(columns[i] for i in neighbours), [f"x{i}" for i in neighbours])
        predicted = apply(estimator, others, f"round {turn // max(len(columns), 1) + 1}, column {index}").value
        if predicted is None:
            raise refuse(
                "Its estimator is not a regressor.", "Use a regressor, for instance the default BayesianRidge."
            )
        bounds = float(step._min_value[index]), float(step._max_value[index])
        imputed = _bounded(predicted.cast(values.dtype), *bounds).matrix()
        columns[index] = where(mask.columns([index]), imputed, columns[index])
    filled = concat(columns)
    if step.n_iter_:
        # The original fails on a single row whose values are all missing.
        known = (~mask).cast("float64").sum(keepdims=True).sum(axis=0, keepdims=True)
        filled = where(known.equals(0.0), start, filled)
    names = [name for name, gone in zip(x.names, empty, strict=True) if step.keep_empty_features or not gone]
    result = x.with_values(filled, names)
    return Table.join([result, indicator(step.indicator_, table)]) if step.add_indicator else result


def _bounded(predicted: Tensor, low: float, high: float) -> Tensor:
    return predicted if low == -np.inf and high == np.inf else predicted.clip(low, high)
