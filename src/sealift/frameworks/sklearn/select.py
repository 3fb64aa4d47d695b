"""Feature selection (`feature_selection/`): which columns remain, and RFE's own predictions from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn import feature_selection

from sealift.frameworks.registry import apply, converter
from sealift.frameworks.sklearn.column_names import one_dtype
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table

SELECTORS = (
    feature_selection.GenericUnivariateSelect,
    feature_selection.SelectFdr,
    feature_selection.SelectFpr,
    feature_selection.SelectFromModel,
    feature_selection.SelectFwe,
    feature_selection.SelectKBest,
    feature_selection.SelectPercentile,
    feature_selection.SequentialFeatureSelector,
    feature_selection.VarianceThreshold,
)
ELIMINATIONS = (feature_selection.RFE, feature_selection.RFECV)


@converter(*SELECTORS)
def selector(step: Any, x: Table) -> Table:
    """The selected columns."""
    kept = np.flatnonzero(step.get_support())
    if not len(kept):
        raise refuse("It selects no column.", "Loosen its criterion until at least one column is kept.")
    return one_dtype(step, x).select(kept, only=True)


@converter(*ELIMINATIONS)
def elimination(step: Any, x: Table) -> StepOutput:
    """The output of the final estimator for the selected columns."""
    kept = selector(step, x)
    return replace(apply(step.estimator_, kept, "estimator"), features=kept)
