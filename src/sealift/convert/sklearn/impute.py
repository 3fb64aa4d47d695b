"""Filling in what is missing (`impute/_base.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import impute

from sealift.contract import is_missing
from sealift.convert.graph import Tensor, stack, where
from sealift.convert.registry import converter, refuse
from sealift.convert.table import Block, Table


def missing_mask(column: Block, marker: Any) -> Tensor:
    """Where a one-column block holds `marker` (NaN and None mean missing), bool (N,)."""
    if is_missing(marker):
        if column.missing is None:
            return column.values.vector().isnan()
        if (marker is None) == (column.null is None):
            return column.missing.vector()
        # None is not NaN to this imputer: it leaves the one alone when it looks for the other.
        return column.missing.vector() & np.array(False)
    if column.missing is None:
        if isinstance(marker, str):
            raise refuse(f"missing_values={marker!r} is text, but the column holds numbers.", "Use missing_values=nan.")
        return column.values.vector().equals(float(marker))
    return column.values.vector().equals(np.array(str(marker), dtype=object)) & ~column.missing.vector()


@converter(impute.SimpleImputer)
def simple(step: Any, x: Table) -> Table:
    """The column's statistic where it is missing; columns without a statistic are dropped."""
    filled: list[Table] = []
    for column, statistic in zip(x.each(), step.statistics_, strict=True):
        nothing = is_missing(statistic)
        if nothing and not step.keep_empty_features and step.strategy != "constant":
            continue
        filled.append(_fill(column, statistic, missing_mask(column, step.missing_values), x))
    if step.add_indicator and step.indicator_ is not None:
        filled.append(indicator(step.indicator_, x))
    return Table.join(filled)


@converter(impute.MissingIndicator)
def indicator(step: Any, x: Table) -> Table:
    """1 where the value is missing, for the columns that had missing values in training or for all."""
    columns = list(x.each())
    masks = [missing_mask(columns[i], step.missing_values).cast("float64") for i in step.features_]
    return Table.of(stack(masks), [f"missing_{x.names[i]}" for i in step.features_])


def _fill(column: Block, statistic: Any, mask: Tensor, x: Table) -> Table:
    if column.missing is None:
        value = float(0 if is_missing(statistic) else statistic)
        return Table.of(where(mask, value, column.values.vector()).matrix(), column.names)
    text = where(mask, np.array(str(statistic), dtype=object), column.values.vector()).matrix()
    still = column.missing.vector() & ~mask
    return Table((Block(text, still.matrix(), column.names, column.null),), x.graph)
