"""Rows at the splits of the graph's trees: on both sides of each threshold, missing values, and categories.

A split affects only the rows that reach it. So the trees are evaluated for plausible rows first, and the rows for a
split are changed from one that reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto

from sealift.contract import Contract
from sealift.frameworks import Conversion, Tensor
from sealift.packing.probes import threshold_search
from sealift.packing.probes.probe_rows import ROUNDED, ProbeRows, Row, allowed, encoded
from sealift.packing.probes.threshold_search import ThresholdSearch
from sealift.packing.probes.tree_nodes import MEMBER, Forest, read
from sealift.packing.types import type_packing
from sealift.stages import Stages

_MOST, _MOST_MEMBERS = 1000, 150
_CELLS = 500_000
_WIDEST = 1000  # inputs; with more, the input that determines a column is not searched for
_KINDS = 8  # categories for one split


def threshold_rows(
    conversion: Conversion,
    contract: Contract,
    base: Sequence[Row],
    bounds: Sequence[tuple[float, float]],
    *,
    most: int = _MOST,
) -> ProbeRows:
    """Rows of the contract for the splits of all tree ensembles.

    Args:
        conversion: the converted model.
        contract: its inputs.
        base: plausible rows.
        bounds: for each input, the bounds of the search for thresholds.
        most: the maximum number of thresholds of an ensemble.
    """
    probes = ProbeRows([f.name for f in contract.inputs])
    nodes = conversion.split().proto.graph.node
    open_ended = open_ended_in(nodes)
    for name, fed in _ensembles(nodes).items():
        forests = [read(node) for node in fed]
        dtype = forests[0].split.dtype.name
        inside = Inside(conversion, contract, Tensor(conversion.graph, name, dtype, (None, None)))
        values = inside.of(base)
        forests = [forest.unmirrored(values.shape[1]) for forest in forests]
        sources = sources_of(contract, base, inside, values)
        kind = ROUNDED if name in open_ended else "thresholds"
        probes.add(kind, _at_splits(contract, base, bounds, inside, values, sources, forests, most))
        probes.add("category splits", _at_members(contract, base, values, sources, forests))
    return allowed(contract, probes)


class Inside:
    """The values of a tensor within the graph for given rows."""

    def __init__(self, conversion: Conversion, contract: Contract, tensor: Tensor) -> None:
        graph = conversion.graph
        self._engine = graph.split({"inside": tensor}, {}).engine(threads=1, stages=Stages.of(contract))
        self._contract = contract

    def of(self, rows: Sequence[Row]) -> npt.NDArray[np.float64]:
        """(N, k) for rows of the contract."""
        columns = {f.name: [row[i] for row in rows] for i, f in enumerate(self._contract.inputs)}
        return self.fed(dict(encoded(self._contract, columns).tensors))

    def fed(self, tensors: dict[str, Any]) -> npt.NDArray[np.float64]:
        """(N, k) for the graph's input tensors."""
        fed = {name: tensors[name] for name in self._engine.inputs}
        return np.asarray(self._engine.run(fed)["inside"], dtype=np.float64)


# Operators whose last digit IEEE 754 does not determine: functions, and sums, whose order the engine chooses.
_OPEN = {
    *("Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cos", "Cosh", "Sin", "Sinh", "Tan", "Tanh"),
    *("Celu", "Elu", "Erf", "Exp", "Gelu", "HardSwish", "Log", "LogSoftmax", "Mish", "Pow", "Selu", "Sigmoid"),
    *("Softmax", "Softplus", "Softsign", "CumSum", "Einsum", "Gemm", "MatMul", "ReduceL1", "ReduceL2", "ReduceLogSum"),
    *("ReduceLogSumExp", "ReduceMean", "ReduceProd", "ReduceSum", "ReduceSumSquare"),
}


def open_ended_in(nodes: Sequence[NodeProto]) -> set[str]:
    """The tensors computed by an operator whose last digit is not determined, directly or indirectly."""
    open_ended: set[str] = set()
    for node in nodes:  # in topological order
        inner = [each for attribute in node.attribute for each in attribute.g.node]
        if node.op_type in _OPEN or not open_ended.isdisjoint(node.input) or (inner and open_ended_in(inner)):
            open_ended.update(node.output)
    return open_ended


def _ensembles(nodes: Sequence[NodeProto]) -> dict[str, list[NodeProto]]:
    """The `TreeEnsemble` nodes, by their input tensor without the negated columns that the graph appends to it."""
    ensembles: dict[str, list[NodeProto]] = {}
    plain = {node.output[0]: node.input[0] for node in nodes if node.op_type == "Neg"}
    mirrored = {
        node.output[0]: node.input[0]
        for node in nodes
        if node.op_type == "Concat" and [plain.get(name) for name in node.input[1:]] == [node.input[0]]
    }
    for node in nodes:
        if node.op_type == "TreeEnsemble":
            ensembles.setdefault(mirrored.get(node.input[0], node.input[0]), []).append(node)
    return ensembles


def sources_of(
    contract: Contract, base: Sequence[Row], inside: Inside, values: npt.NDArray[np.float64]
) -> dict[int, int]:
    """Inner column → the input that changes it most, found by changing one input at a time."""
    width = values.shape[1]
    numeric = [i for i, f in enumerate(contract.inputs) if f.type.feeds == "number"]
    if len(contract.inputs) > _WIDEST:
        # Too many to change one at a time; columns that are passed through unchanged are recognised.
        plain = np.array([[np.nan if row[i] is None else float(row[i] or 0.0) for i in numeric] for row in base[:20]])
        known = {column.tobytes(): i for i, column in zip(numeric, plain.T.astype(np.float32), strict=True)}
        matching = (known.get(column.tobytes()) for column in values[:20].T.astype(np.float32))
        return {column: i for column, i in enumerate(matching) if i is not None}
    best = np.zeros(width)
    source: dict[int, int] = {}
    for turn in range(2):
        start = list(base[turn % len(base)])
        rows = [start]
        for i, f in enumerate(contract.inputs):
            row = list(start)
            others = [other[i] for other in base if other[i] is not None and other[i] != start[i]]
            unseen = type_packing(f.dtype).unseen(f) if f.unknown == "allowed" else start[i]
            row[i] = others[turn % len(others)] if others else unseen
            rows.append(row)
        moved = inside.of(rows)
        change = np.abs(np.nan_to_num(moved[1:], nan=1e9) - np.nan_to_num(moved[:1], nan=1e9))
        for column in range(width):
            top = int(np.argmax(change[:, column]))
            if change[top, column] > best[column]:
                best[column], source[column] = change[top, column], top
    return source


def _at_splits(
    contract: Contract,
    base: Sequence[Row],
    bounds: Sequence[tuple[float, float]],
    inside: Inside,
    values: npt.NDArray[np.float64],
    sources: dict[int, int],
    forests: Sequence[Forest],
    limit: int,
) -> list[Row]:
    """For each threshold, a row that reaches it, with the input just below it, just above it, and missing."""
    usable = [column for column, position in sources.items() if type_packing(contract.inputs[position].dtype).ordering]
    column, split, reached = _splits(forests, values, usable)
    most = max(20, min(limit, _CELLS // len(contract.inputs)))
    chosen = [
        ThresholdSearch(sources[int(column[i])], int(column[i]), float(split[i]), [*base[max(int(reached[i]), 0)]])
        for i in _some(list(range(len(column))), most)
    ]
    rows: list[Row] = []
    for search, sides in zip(chosen, threshold_search.sides(contract, chosen, bounds, inside.fed), strict=True):
        f = contract.inputs[search.field]
        values_of_input = [*sides, None] if f.missing == "allowed" else sides
        rows += [[*search.row[: search.field], value, *search.row[search.field + 1 :]] for value in values_of_input]
    return rows


def _splits(
    forests: Sequence[Forest], values: npt.NDArray[np.float64], columns: Sequence[int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The distinct thresholds on `columns`, sorted by column and threshold, each with a row of `values` reaching it.

    The index of the row is −1 if no row reaches it.
    """
    feature, split, reached = [], [], []
    for forest in forests:
        chosen = (forest.mode != MEMBER) & np.isin(forest.feature, columns)
        feature.append(forest.feature[chosen])
        split.append(forest.split[chosen].astype(np.float64))
        reached.append(forest.reached(values)[chosen])
    splits = np.concatenate(feature), np.concatenate(split), np.concatenate(reached)
    # For each threshold, the first node that a row reaches.
    order = np.lexsort((splits[2] < 0, splits[1], splits[0]))
    by_column, by_split, by_row = (array[order] for array in splits)
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (by_column[1:] != by_column[:-1]) | (by_split[1:] != by_split[:-1])
    return by_column[first], by_split[first], by_row[first]


def _at_members(
    contract: Contract,
    base: Sequence[Row],
    values: npt.NDArray[np.float64],
    sources: dict[int, int],
    forests: Sequence[Forest],
) -> list[Row]:
    """For each split by category, a row that reaches it, with some known categories, an unseen one, and none."""
    reached_by: list[tuple[int, int]] = []
    for forest in forests:
        reached = forest.reached(values)
        for node in np.flatnonzero(forest.mode == MEMBER).tolist():
            position = sources.get(int(forest.feature[node]))
            if position is not None and reached[node] >= 0:
                reached_by.append((position, int(reached[node])))
    rows: list[Row] = []
    for turn, (position, start) in enumerate(_some(sorted(set(reached_by)), _MOST_MEMBERS)):
        f = contract.inputs[position]
        known = list(f.categories or ())
        tested: list[Any] = [known[(turn + i) % len(known)] for i in range(min(_KINDS, len(known)))]
        tested += [type_packing(f.dtype).unseen(f)] * (f.unknown == "allowed") + [None] * (f.missing == "allowed")
        rows += [[*base[start][:position], value, *base[start][position + 1 :]] for value in tested]
    return rows


def _some(items: list[Any], most: int) -> list[Any]:
    """All items, or a reproducible random sample of `most`."""
    if len(items) <= most:
        return items
    keep = np.random.Generator(np.random.PCG64(0)).choice(len(items), most, replace=False)
    return [items[i] for i in sorted(keep.tolist())]
