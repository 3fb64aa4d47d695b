"""The input table in the form that XGBoost uses: float32, its missing marker as NaN, categories as codes."""

from __future__ import annotations

import numpy as np

from sealift.contract import is_missing
from sealift.frameworks.boosting import close, numbered
from sealift.frameworks.xgboost.booster import MISSING, XGBoostBooster
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.sparse import absent
from sealift.graph.step import refuse
from sealift.graph.table import Table


def matrix(x: Table, parsed: XGBoostBooster, marker: float) -> Tensor:
    """The columns as float32 (N, width), NaN where missing, equal to `marker`, or absent from a sparse matrix."""
    categorical = parsed.categorical
    if x.sparse:
        if categorical:
            raise refuse(
                "It reads categories from a sparse matrix.",
                "Train it on a dense table, such as one of OrdinalEncoder, or without categories.",
            )
        numbers = x.numbers()
        return where(absent(numbers), np.nan, _marked(numbers.cast("float32"), marker))
    if not categorical:
        return _marked(x.numbers().cast("float32"), marker)
    parts = []
    for i, column in enumerate(x.each()):
        known = parsed.categories[i] if i < len(parsed.categories) else []
        if known:
            # The library replaces most unknown categories by the next known one (as of 3.2), and refuses some.
            close(x, column, known)
            parts.append(_coded(numbered(x.select([i]), [known]).cast("float32")))
        elif column.is_text:
            raise refuse(
                f"The column {column.names[0]!r:.80} contains strings, but the model does not store its categories.",
                "Train it with XGBoost 3.1 or later, which stores them, or encode columns of strings before this step.",
            )
        else:
            values = _marked(column.values.cast("float32"), marker)
            parts.append(_coded(values) if i in categorical else values)
    return concat(parts)


def _coded(values: Tensor) -> Tensor:
    """Truncated category codes; negative codes become −1, and missing values MISSING."""
    return where(values.isnan(), MISSING, values.op("Floor").op("Max", -1.0))


def _marked(values: Tensor, marker: float) -> Tensor:
    if is_missing(marker):
        return values
    return where(values.equals(float(np.float32(marker))), np.nan, values)
