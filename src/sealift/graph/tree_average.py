"""The mean of what a classifier's trees say, and the class that it chooses, in as few traversals as are exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sealift.graph import trees
from sealift.graph.builder import Tensor, concat
from sealift.graph.control_flow import cond
from sealift.graph.tree_ensemble import Tree, ensemble

_Floats = npt.NDArray[np.float64]

_SMALL = 20_000  # nodes; 8 % for a single row against 8 % for many rows in a forest of 20 trees with 19,000


def averaged(x: Tensor, forest: Sequence[Tree]) -> tuple[Tensor, Tensor]:
    """The classes' shares (N, k), each tree's leaf rows added in order and divided; and the first largest (N,).

    The class is always that of the sums so computed. So are the shares; but where two classes' shares add up to 1 in
    every leaf, the first is 1 minus the second, which may differ in the last digit.
    """
    count = float(len(forest))
    table = np.concatenate([tree.leaf[tree.feature < 0] for tree in forest])
    if len(forest) == 1:
        shares = trees.total(x, forest)
        return shares, shares.argmax()
    exact = _sums_exactly(table, count)
    votes = exact and (np.count_nonzero(table, axis=1) == 1).all()
    halves = table.shape[1] == 2 and np.abs(table.sum(axis=1) - 1.0).max() < 1e-12
    # One sum of two is the simpler task for the operator, but needs one more operator for the other.
    if halves and not (votes and trees.nodes(forest) < _SMALL):
        return _two(x, forest, exact=exact)
    if votes:
        sums = _votes(x, forest, table.shape[1])
        return sums / count, sums.argmax()
    shares = trees.total(x, forest) / count
    return shares, shares.argmax()


def _sums_exactly(table: _Floats, count: float) -> bool:
    """Whether sums of `count` leaves are exact in any order: multiples of 2⁻²⁰ that stay below 2³²."""
    scaled = table * 2.0**20
    return bool((scaled == np.round(scaled)).all() and np.abs(table).max() * count < 2.0**32)


def _two(x: Tensor, forest: Sequence[Tree], *, exact: bool) -> tuple[Tensor, Tensor]:
    """Two classes whose shares add up to 1: one sum gives both, except for the rounding of a tie."""
    count = float(len(forest))
    second = _column(x, forest, 1)
    both = second.affine(np.array([[-1.0, 1.0]]), np.array([count, 0.0]))
    shares = both / count
    if exact:
        return shares, both.argmax()
    # Each of n additions is off by half an ulp of n at most. Where a lead is within that, the other sum is asked too.
    closest = both.max().op("ReduceMin", shape=(), keepdims=0)
    tie = closest < count / 2.0 + count * count * 2.0**-50

    def in_full() -> Tensor:
        return (concat([_column(x, forest, 0), second]) / count).argmax()

    return shares, cond(tie, in_full, both.argmax)


def _column(x: Tensor, forest: Sequence[Tree], k: int) -> Tensor:
    return trees.total(x, [replace(tree, leaf=tree.leaf[:, k]) for tree in forest])


def _votes(x: Tensor, forest: Sequence[Tree], classes: int) -> Tensor:
    """Sums (N, classes) where each leaf belongs to one class."""
    x, forest = trees.needed(x, forest)
    weights, aimed = [t.leaf.max(axis=1) for t in forest], [t.leaf.argmax(axis=1) for t in forest]
    return ensemble(x, forest, weights, aimed, classes, mirror=True)
