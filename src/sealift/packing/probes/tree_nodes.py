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
    """The splits of all trees, numbered consecutively (ONNX `TreeEnsemble`, ai.onnx.ml 5).

    Attributes:
        roots: the first split of each tree.
        feature: (n,) the column compared.
        split: (n,) the threshold, in the dtype of the comparison.
        mode: (n,) the comparison; MEMBER for membership in a set.
        true, false: (n,) the next split of the true and of the false branch, −1 for a leaf.
        nan_true: (n,) whether NaN takes the true branch.
        members: the set of each MEMBER split.
    """

    roots: _Ints
    feature: _Ints
    split: npt.NDArray[Any]
    mode: npt.NDArray[np.uint8]
    true: _Ints
    false: _Ints
    nan_true: _Bools
    members: dict[int, npt.NDArray[np.float64]]

    def reached(self, values: npt.NDArray[np.float64]) -> _Ints:
        """For each split, a row of `values` (N, k) that reaches it; −1 if none does."""
        result = np.full(len(self.feature), -1, dtype=np.int64)
        row = np.repeat(np.arange(len(values)), len(self.roots))
        node = np.tile(self.roots, len(values))
        for _ in range(len(self.feature) + 1):  # no path is longer; a graph with a cycle must not loop forever
            if not len(node):
                break
            result[node] = row
            onward = np.where(self._is_true(node, values[row, self.feature[node]]), self.true[node], self.false[node])
            inner = onward >= 0
            row, node = row[inner], onward[inner]
        return result

    def unmirrored(self, width: int) -> Forest:
        """The same splits over the first `width` columns; the columns after them are these columns negated."""
        behind = self.feature >= width
        # −x ≤ s is equivalent to x ≥ −s, and to x > the largest number below −s.
        split = np.where(behind, np.nextafter(-self.split, self.split.dtype.type(-np.inf)), self.split)
        feature = np.where(behind, self.feature - width, self.feature)
        return replace(self, feature=feature, split=split, mode=np.where(behind, np.uint8(_GT), self.mode))

    def _is_true(self, node: _Ints, x: npt.NDArray[np.float64]) -> _Bools:
        mode, answer = self.mode[node], np.zeros(len(node), dtype=np.bool_)
        for kind in np.unique(mode).tolist():
            there = np.flatnonzero(mode == kind)
            if kind == MEMBER:
                answer[there] = [
                    value in self.members.get(n, ()) for n, value in zip(node[there], x[there], strict=True)
                ]
            else:
                answer[there] = _COMPARE[kind](x[there], self.split[node[there]])
        return np.asarray(np.where(np.isnan(x), self.nan_true[node], answer))


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
        true=np.where(ints("nodes_trueleafs") != 0, -1, ints("nodes_truenodeids")),
        false=np.where(ints("nodes_falseleafs") != 0, -1, ints("nodes_falsenodeids")),
        nan_true=ints(missing) != 0 if missing in given else np.zeros(len(feature), dtype=np.bool_),
        members=_members(given, mode),
    )


def _members(given: dict[str, Any], mode: npt.NDArray[np.uint8]) -> dict[int, npt.NDArray[np.float64]]:
    """The sets of the MEMBER splits, which are concatenated in the order of the splits, each followed by NaN."""
    if "membership_values" not in given:
        return {}
    flat = numpy_helper.to_array(given["membership_values"].t).astype(np.float64)
    ends = np.flatnonzero(np.isnan(flat)).tolist()
    starts = [0, *(end + 1 for end in ends)]
    splits = np.flatnonzero(mode == MEMBER).tolist()
    return {split: flat[start:end] for split, start, end in zip(splits, starts, ends, strict=False)}
