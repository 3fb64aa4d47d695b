"""`SimpleImputer`: replace missing values by a statistic (`impute/_base.py`)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn import impute

from sealift.contract import is_missing
from sealift.frameworks.registry import converter
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.step import refuse
from sealift.graph.table import Block, Table


def missing_mask(block: Block, marker: Any) -> Tensor:
    """Whether each value of a block is `marker`, bool (N, width). NaN and None are distinct; pandas.NA means either."""
    values, absent = block.values, block.missing
    if absent is None:
        if is_missing(marker):
            meant = type(marker).__name__ == "NAType" or (marker is None) == (block.null is None)
            return values.isnan() if meant else values.isnan() & np.array(False)
        return values.equals(values) & np.array(False) if isinstance(marker, str) else values.equals(float(marker))
    if is_missing(marker):
        # scikit-learn distinguishes None from NaN.
        either = type(marker).__name__ == "NAType"
        return absent if either or (marker is None) == (block.null is None) else absent & np.array(False)
    if isinstance(marker, str):
        return values.equals(np.array(marker, dtype=object)) & ~absent
    return absent & np.array(False)


def common_precision(x: Table) -> Table:
    """The table with the common dtype of one array: float32 only if all columns are float32."""
    x = x.as_floats()
    if all(block.values.dtype == "float32" for block in x.blocks):
        return x
    blocks = (b if b.is_text else replace(b, values=b.values.cast("float64")) for b in x.blocks)
    return x.with_blocks(*blocks)


@converter(impute.SimpleImputer)
def simple(step: Any, x: Table) -> Table:
    """The column's statistic in place of missing values; columns without a statistic are dropped."""
    x = common_precision(x)
    if step._fit_dtype.kind != "O":
        # An array of numbers has NaN for every missing value of the rows.
        x = x.with_blocks(*(b if b.is_text else replace(b, null=math.nan) for b in x.blocks))
    filled: list[Table] = []
    start = 0
    for block in x.blocks:
        statistics = list(step.statistics_[start : start + len(block.names)])
        start += len(block.names)
        kept = [i for i, s in enumerate(statistics) if step.keep_empty_features or not _is_nan(s)]
        if kept:
            chosen = block.pick(kept)
            mask = missing_mask(chosen, step.missing_values)
            filled.append(x.with_blocks(_fill(chosen, [statistics[i] for i in kept], mask)))
    if step.add_indicator:
        filled.append(indicator(step.indicator_, x))
    if not any(table.width for table in filled):
        raise refuse("It keeps no column.", "Leave out columns without any value, or use keep_empty_features=True.")
    return Table.join(filled)


@converter(impute.MissingIndicator)
def indicator(step: Any, x: Table) -> Table:
    """1 where the value is missing, for the columns that had missing values in training or for all."""
    x = common_precision(x)
    dtype = "float32" if x.blocks[0].values.dtype == "float32" else "float64"
    mask = concat(missing_mask(block, step.missing_values) for block in x.blocks)
    if not len(step.features_):
        return x.with_blocks()
    names = [f"missingindicator_{x.names[i]}" for i in step.features_]
    return x.with_values(mask.columns(step.features_).cast(dtype), names)


def _is_nan(statistic: Any) -> bool:
    return isinstance(statistic, float | np.floating) and bool(np.isnan(statistic))


def _fill(block: Block, statistics: list[Any], mask: Tensor) -> Block:
    if block.missing is None:
        if any(isinstance(value, str) for value in statistics):
            raise refuse(
                "It fills columns of numbers with text.",
                "Give columns of numbers an imputer of their own with a number for fill_value.",
            )
        # An empty column that is kept has the statistic 0, or none at all in older versions.
        values = np.array([0.0 if is_missing(value) else value for value in statistics], dtype=block.values.dtype)
        return replace(block, values=where(mask, values[None, :], block.values))
    if not all(isinstance(value, str) or is_missing(value) for value in statistics):
        raise refuse("It fills columns of text with numbers.", "Give columns of text a text for fill_value.")
    texts = np.array(["" if is_missing(value) else value for value in statistics], dtype=object)
    still = np.array([is_missing(value) for value in statistics])
    return replace(
        block,
        values=where(mask, texts[None, :], block.values),
        missing=block.missing & (~mask | still[None, :]),
    )
