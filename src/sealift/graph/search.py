"""`np.searchsorted` and `np.interp` over all columns at once, in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.graph import trees
from sealift.graph.builder import Tensor


def positions(x: Tensor, edges: Sequence[Any], *, right: bool = True) -> Tensor:
    """`np.searchsorted(edges[i], x[:, i])` for each column, int64 (N, width); NaN comes last, as in NumPy.

    One binary search tree a column: log2 of the edges in comparisons a row, whatever their count.
    """
    searches = [_search(np.asarray(column, dtype=np.float64), i, right) for i, column in enumerate(edges)]
    result = trees.total(x, searches, x.width)
    result.compute = lambda some: positions(x.only(some), [edges[i] for i in some], right=right).cast(result.dtype)
    return result.cast("int64")


def interpolate(x: Tensor, knots: Sequence[Any], values: Sequence[Any]) -> Tensor:
    """`np.interp(x[:, i], knots[i], values[i])` for each column, float64 (N, width); NaN stays NaN.

    All columns have as many knots.
    """
    x = x.cast("float64")
    place = positions(x, knots)
    starts, levels, slopes = [], [], []
    pairs = zip(np.asarray(knots, dtype=np.float64), np.asarray(values, dtype=np.float64), strict=True)
    for xs, ys in pairs:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slope = np.diff(ys) / np.diff(xs)
        # Entry 0 is left of the first knot, the last one right of the last.
        slopes.append(np.concatenate([[0.0], np.where(np.isfinite(slope), slope, 0.0), [0.0]]))
        starts.append(np.concatenate([xs[:1], xs]))
        levels.append(np.concatenate([ys[:1], ys]))
    return look_up(slopes, place) * (x - look_up(starts, place)) + look_up(levels, place)


def look_up(tables: Sequence[Any], place: Tensor) -> Tensor:
    """`tables[i][place[:, i]]` for each column of `place`, int64 (N, width) of entries from 0."""
    starts = np.cumsum([0, *(len(table) for table in tables[:-1])])
    result = (place + starts[None, :]).take_from(np.concatenate([np.asarray(table) for table in tables]))
    result.compute = lambda some: look_up([tables[i] for i in some], place.only(some))
    return result


def _search(edges: npt.NDArray[Any], column: int, right: bool) -> trees.Tree:
    """The balanced search tree over sorted `edges` whose leaf is the position."""
    count = len(edges)
    size = 2 * count + 1
    feature = np.full(size, -1, dtype=np.int64)
    split, leaf = np.zeros(size), np.zeros(size)
    yes, no = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    open_nodes, fresh = [(0, 0, count)], 1
    while open_nodes:
        node, low, high = open_nodes.pop()
        if low == high:
            leaf[node] = low
            continue
        middle = (low + high) // 2
        feature[node], split[node] = column, edges[middle]
        yes[node], no[node] = fresh, fresh + 1
        open_nodes += [(fresh, low, middle), (fresh + 1, middle + 1, high)]
        fresh += 2
    mode = np.full(size, trees.LT if right else trees.LEQ, dtype=np.uint8)
    return trees.Tree(feature, split, yes, no, np.zeros(size, dtype=np.bool_), leaf, column, mode)
