"""Where the converted graph compares: the split points of its trees, traced back to the fields they come from."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import NodeProto, numpy_helper

from sealift.contract import Contract
from sealift.convert import Conversion, Graph, Step, Tensor
from sealift.packing.rows import Row, Rows, crossings
from sealift.runtime import Engine

_MOST = 1500


def threshold_rows(
    conversion: Conversion, contract: Contract, base: list[Row], bounds: list[tuple[float, float]]
) -> Rows:
    """Neighbouring doubles around the thresholds of every tree ensemble, as rows of the contract."""
    found = Rows([f.name for f in contract.inputs])
    seen: set[str] = set()
    for step in conversion.steps:
        source = step.table.numbers() if _has_trees(step) else None
        if source is None or source.name in seen:
            continue
        seen.add(source.name)
        targets = _targets(conversion.graph, step, source, contract)
        if not targets:
            continue
        measure = _measure(conversion.graph, source, contract)
        rows = crossings(contract, base, targets, measure, bounds)
        found.add("thresholds", rows.rows)
    return found


def _has_trees(step: Step) -> bool:
    names = ("tree_", "_predictors", "estimators_")
    return any(hasattr(step.estimator, name) for name in names) and not any(b.is_text for b in step.table.blocks)


def _targets(graph: Graph, step: Step, source: Tensor, contract: Contract) -> list[tuple[int, int, float]]:
    """(field, column, threshold) for the comparisons on columns that bear a field's name."""
    fields = [_field_of(name, contract) for name in step.table.names]
    pairs: set[tuple[int, float]] = set()
    for node in _ensembles(graph, source):
        attributes = {a.name: a for a in node.attribute}
        splits = numpy_helper.to_array(attributes["nodes_splits"].t)
        modes = numpy_helper.to_array(attributes["nodes_modes"].t)
        features = np.array(attributes["nodes_featureids"].ints)
        compared = modes != 6  # membership has no threshold
        pairs.update(zip(features[compared].tolist(), splits[compared].tolist(), strict=True))
    found = [
        (position, column, threshold)
        for column, threshold in sorted(pairs)
        if column < len(fields)
        and (position := fields[column]) is not None
        and contract.inputs[position].dtype in ("float64", "float32")
    ]
    if len(found) > _MOST:
        keep = np.random.Generator(np.random.PCG64(0)).choice(len(found), _MOST, replace=False)
        found = [found[i] for i in sorted(keep.tolist())]
    return found


def _ensembles(graph: Graph, source: Tensor) -> list[NodeProto]:
    """The tree nodes fed by `source`, directly or through casts."""
    same = {source.name}
    found = []
    for node in graph.nodes:
        if node.op_type == "Cast" and node.input[0] in same:
            same.add(node.output[0])
        elif node.op_type == "TreeEnsemble" and node.input[0] in same:
            found.append(node)
    return found


def _field_of(name: str, contract: Contract) -> int | None:
    """The field that a column is named after: itself, or what follows a column transformer's prefix."""
    for candidate in (name, name.split("__", 1)[-1], name.rsplit("__", 1)[-1]):
        if candidate in contract.index:
            return contract.index[candidate]
    return None


def _measure(graph: Graph, source: Tensor, contract: Contract) -> Any:
    from sealift.contract import encode

    engine = Engine(graph.model({"inner": source.cast("float64")}, {}).SerializeToString(), threads=1)

    def run(columns: dict[str, Any]) -> Any:
        return engine.run(encode(contract, columns).tensors)["inner"]

    return run
