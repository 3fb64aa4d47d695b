"""Functions that the converters of the boosting libraries share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sealift.graph.builder import Tensor, where
from sealift.graph.categories import codes
from sealift.graph.inputs import field_of
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Block, Table


def numbered(x: Table, known: Sequence[Sequence[Any]]) -> Tensor:
    """The index of each value in the `known` categories of its column, float64 (N, width); NaN for other values."""
    index = codes(x, known)
    return where(index < 0, np.nan, index.cast("float64"))


def seen(column: Block) -> tuple[Any, ...]:
    """The distinct values of the caller's rows in an unchanged input column; empty if they are not known."""
    field = field_of(column.values)
    return () if field is None else field.values()


def close(x: Table, column: Block, known: Sequence[Any]) -> None:
    """Report that an input column of `x` accepts only the `known` categories."""
    field = field_of(column.values)
    if field is not None:
        x.context.closed_categories[field.name] = tuple(known)


def regression(score: Tensor) -> StepOutput:
    """The output of a regressor with the value `score` (N, targets)."""
    return StepOutput(value=score.vector() if score.width == 1 else score)


def whole(x: Tensor) -> Tensor:
    """The values truncated towards zero; NaN stays NaN."""
    return where(x < 0.0, x.op("Ceil"), x.op("Floor"))


def sequential_sum(terms: Tensor) -> Tensor:
    """The sum over columns (N, k), added from left to right with rounding after each addition, as (N, 1)."""
    running = terms.op("CumSum", np.array(1))
    return running.columns([terms.width - 1])


def as_categories(frame: Any, known: Mapping[int, Sequence[Any]]) -> Any:
    """A pandas data frame with the columns at these indices as categoricals, in the order of their codes.

    A table file has no categoricals, only strings and numbers; a categorical column is not changed. Values that are not
    `known` become missing.
    """
    import pandas

    result = frame.copy(deep=False)
    for place, values in known.items():
        if not isinstance(frame.dtypes.iloc[place], pandas.CategoricalDtype):
            column = frame.iloc[:, place]
            kept = column.where(column.isin(list(values)))
            result.isetitem(place, pandas.Categorical(kept.astype(object), categories=list(values)))
    return result


def check_order(x: Table, names: Sequence[str] | None) -> None:
    """Raise PackError E302 if the columns of a model file are in another order, since trees refer to them by index."""
    given = list(x.names)
    if names is not None and list(names) != given and sorted(names) == sorted(given):
        raise refuse(
            f"Its columns are {', '.join(names)}, in this order, but those of X are {', '.join(given)}.",
            "Give X with its columns in the model's order.",
        )


def is_frame(X: Any) -> bool:
    """Whether X is a pandas data frame."""
    return hasattr(X, "iloc") and hasattr(X, "columns")
