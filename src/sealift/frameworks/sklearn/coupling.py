"""libsvm's coupling of pairwise probabilities (`multiclass_probability`; Wu, Lin and Weng 2004, second method)."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from sealift.graph.builder import Tensor, stack, where
from sealift.graph.control_flow import loop


def coupled(pairwise: list[Tensor], count: int) -> Tensor:
    """The class probabilities (N, count) from P(i | i or j), (N,), for each pair of classes i < j.

    All rows are iterated together; a row is not changed after the iteration in which libsvm stops.
    """
    given: dict[tuple[int, int], Tensor] = {}
    for (i, j), share in zip(combinations(range(count), 2), pairwise, strict=True):
        given[i, j], given[j, i] = share, 1.0 - share
    lines = [_line(given, t, count) for t in range(count)]
    diagonal = [line.column(t).matrix() for t, line in enumerate(lines)]

    def once(state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        (p,) = state
        product = stack([(line * p).sum() for line in lines])
        whole = (p * product).sum(keepdims=True)
        active = (product - whole).abs().max(keepdims=True) >= 0.005 / count
        now = p
        for t, (line, own) in enumerate(zip(lines, diagonal, strict=True)):
            here = product.columns([t])
            step = (whole - here) / own
            shrink = 1.0 + step
            whole = (whole + step * (step * own + 2.0 * here)) / shrink / shrink
            product = (product + step * line) / shrink
            now = (now + step * np.eye(count)[t]) / shrink
        return _any(active), [where(active, now, p)]

    start = pairwise[0].matrix() * np.zeros((1, count)) + 1.0 / count
    return loop(pairwise[0].graph, [start], once, max(100, count))[0]


def _line(given: dict[tuple[int, int], Tensor], t: int, count: int) -> Tensor:
    """Row t of libsvm's matrix Q, (N, count)."""
    others = [j for j in range(count) if j != t]
    own = stack([given[j, t] * given[j, t] for j in others]).sum()
    return stack([own if j == t else -(given[j, t] * given[t, j]) for j in range(count)])


def _any(rows: Tensor) -> Tensor:
    return rows.cast("int64").op("ReduceMax", np.array([0, 1]), shape=(), keepdims=0).cast("bool")
