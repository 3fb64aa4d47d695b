"""`pd.cut` with edges that are known: the number or the label of the interval that a value lies in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.graph.builder import where
from sealift.graph.search import positions
from sealift.tracing.array import Array, is_array
from sealift.tracing.series import Series
from sealift.tracing.unsupported import UnsupportedOperation, rows_at_once


def cut(
    x: Array,
    bins: Any,
    right: bool = True,
    labels: Any = None,
    retbins: bool = False,
    precision: int = 3,
    include_lowest: bool = False,
    duplicates: str = "raise",
    ordered: bool = True,
) -> Series:
    """The interval of each value of `x` (N,): its number as a float, NaN outside; or its label.

    Repeats `pandas/core/reshape/tile.py`, `_bins_to_cuts`.

    Raises:
        UnsupportedOperation: for a number of bins, which needs all rows; for intervals as values; for mixed labels.
    """
    del precision, ordered
    if np.ndim(bins) == 0:
        raise rows_at_once("pd.cut with a number of bins", "Give pd.cut the edges, or use KBinsDiscretizer.")
    if labels is None or retbins or duplicates != "raise":
        raise UnsupportedOperation(
            "it uses pd.cut with intervals as values", "Give labels=False for their numbers, or a list of labels."
        )
    edges = np.asarray(bins, dtype=np.float64)
    if not (np.diff(edges) > 0).all():
        raise UnsupportedOperation(
            "it uses pd.cut with edges that do not increase", "Give the edges in increasing order."
        )
    values = x.tensor().matrix().cast("float64")
    place = positions(values, [edges], right=not right)
    if include_lowest and right:
        place = where(values.equals(float(edges[0])), np.array(1), place)
    outside = values.isnan() | place.equals(np.array(len(edges))) | place.equals(np.array(0))
    number = place - 1
    name = getattr(x, "name", None)
    if labels is False:
        return Series(where(outside, np.nan, number.cast("float64")).column(0), name)
    table = _table(labels, len(edges) - 1)
    result = where(outside, np.array(0), number).take_from(table)
    if table.dtype == object:
        return Series(result.column(0), name, outside.column(0))
    return Series(where(outside, np.nan, result.cast("float64")).column(0), name)


def _table(labels: Sequence[Any], count: int) -> Any:
    if not isinstance(labels, list | tuple | np.ndarray) or len(labels) != count:
        raise UnsupportedOperation("it uses pd.cut with labels that do not fit the edges", f"Give {count} labels.")
    if all(isinstance(label, str) for label in labels):
        return np.array(list(labels), dtype=object)
    if all(isinstance(label, int | float | np.number) and not isinstance(label, bool) for label in labels):
        return np.array(labels, dtype=np.float64)
    raise UnsupportedOperation("it uses pd.cut with labels of several kinds", "Give strings, or numbers.")


class Cut:
    """The replacement of `pd.cut` in the user's modules; columns of a trace go through `cut`."""

    def __init__(self, original: Any) -> None:
        self._original = original

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The intervals of `x`, by `cut` where it is a column of a trace."""
        return cut(x, *args, **kwargs) if is_array(x) else self._original(x, *args, **kwargs)
