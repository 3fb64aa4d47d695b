"""A `TreeEnsemble` node of the graph, evaluated in NumPy: the splits that given rows reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, numpy_helper

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]

_GT, MEMBER = 3, 6
_COMPARE = {
    0: np.less_equal,
    1: np.less,
    2: np.greater_equal,
    _GT: np.greater,
    4: np.equal,
    5: np.not_equal,
}


@dataclass(frozen=True)
class Forest:
    """The forks of all trees in one numbering (ONNX `TreeEnsemble`, ai.onnx.ml 5).

    Attributes:
        roots: the first fork of each tree.
        feature: (n,) the column compared.
        split: (n,) the threshold, in the type that is compared.
        mode: (n,) the comparison; MEMBER for a set.
        yes, no: (n,) the next fork, −1 for a leaf.
        nan_yes: (n,) whether NaN goes to `yes`.
        members: the set of a MEMBER fork.
    """

    roots: _Ints
    feature: _Ints
    split: npt.NDArray[Any]
    mode: npt.NDArray[np.uint8]
    yes: _Ints
    no: _Ints
    nan_yes: _Bools
    members: dict[int, npt.NDArray[np.float64]]

    def reached(self, values: npt.NDArray[np.float64]) -> _Ints:
        """For each fork, a row of `values` (N, k) that comes by it; −1 where none does."""
        result = np.full(len(self.feature), -1, dtype=np.int64)
        row = np.repeat(np.arange(len(values)), len(self.roots))
        node = np.tile(self.roots, len(values))
        for _ in range(len(self.feature) + 1):  # no path is longer; a graph with a cycle must not loop forever
            if not len(node):
                break
            result[node] = row
            onward = np.where(self._yes(node, values[row, self.feature[node]]), self.yes[node], self.no[node])
            inner = onward >= 0
            row, node = row[inner], onward[inner]
        return result

    def unmirrored(self, width: int) -> Forest:
        """The same forks over `width` columns, where those behind them are the same columns negated."""
        behind = self.feature >= width
        # −x ≤ s is x ≥ −s, and so x > the number below −s.
        split = np.where(behind, np.nextafter(-self.split, self.split.dtype.type(-np.inf)), self.split)
        feature = np.where(behind, self.feature - width, self.feature)
        return replace(self, feature=feature, split=split, mode=np.where(behind, np.uint8(_GT), self.mode))

    def _yes(self, node: _Ints, x: npt.NDArray[np.float64]) -> _Bools:
        mode, answer = self.mode[node], np.zeros(len(node), dtype=np.bool_)
        for kind in np.unique(mode).tolist():
            there = np.flatnonzero(mode == kind)
            if kind == MEMBER:
                answer[there] = [
                    value in self.members.get(n, ()) for n, value in zip(node[there], x[there], strict=True)
                ]
            else:
                answer[there] = _COMPARE[kind](x[there], self.split[node[there]])
        return np.asarray(np.where(np.isnan(x), self.nan_yes[node], answer))


def read(node: NodeProto) -> Forest:
    """The forest of a `TreeEnsemble` node."""
    given = {attribute.name: attribute for attribute in node.attribute}

    def ints(name: str) -> Any:
        return np.array(given[name].ints, dtype=np.int64)

    feature = ints("nodes_featureids")
    mode = numpy_helper.to_array(given["nodes_modes"].t)
    missing = "nodes_missing_value_tracks_true"
    return Forest(
        roots=ints("tree_roots"),
        feature=feature,
        split=numpy_helper.to_array(given["nodes_splits"].t),
        mode=mode,
        yes=np.where(ints("nodes_trueleafs") != 0, -1, ints("nodes_truenodeids")),
        no=np.where(ints("nodes_falseleafs") != 0, -1, ints("nodes_falsenodeids")),
        nan_yes=ints(missing) != 0 if missing in given else np.zeros(len(feature), dtype=np.bool_),
        members=_members(given, mode),
    )


def _members(given: dict[str, Any], mode: npt.NDArray[np.uint8]) -> dict[int, npt.NDArray[np.float64]]:
    """The sets stand one after the other, each closed by a NaN, in the order of their forks."""
    if "membership_values" not in given:
        return {}
    flat = numpy_helper.to_array(given["membership_values"].t).astype(np.float64)
    ends = np.flatnonzero(np.isnan(flat)).tolist()
    starts = [0, *(end + 1 for end in ends)]
    forks = np.flatnonzero(mode == MEMBER).tolist()
    return {fork: flat[start:end] for fork, start, end in zip(forks, starts, ends, strict=False)}
