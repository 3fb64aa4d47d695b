"""Rows at special values of operations in a user's function: a divisor of 0, a logarithm of 0.

The result there may matter only after a split on another column. So rows at the splits of the model's trees are
generated again from these rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from sealift.contract import Contract
from sealift.frameworks import Conversion, Tensor
from sealift.graph.builder import concat
from sealift.packing.probes import threshold_search, thresholds
from sealift.packing.probes.probe_rows import ProbeRows, Row, allowed

KIND = "special values"
_MOST = 24  # columns of operands
_STARTS = 30  # plausible rows that are changed to each special value
_SPLITS = 120  # splits for which rows are generated from each special value


def special_rows(
    conversion: Conversion, contract: Contract, base: Sequence[Row], bounds: Sequence[tuple[float, float]]
) -> ProbeRows:
    """Rows of the contract for the special values of the operations that were traced.

    Args:
        conversion: the converted model.
        contract: its inputs.
        base: plausible rows.
        bounds: for each input, the bounds of the search for special values.
    """
    probes = ProbeRows([f.name for f in contract.inputs])
    operands = _operands(conversion)
    if not operands:
        return probes
    inside = thresholds.Inside(conversion, contract, concat(tensor for tensor, _ in operands))
    sources = thresholds.sources_of(contract, base, inside, inside.of(base))
    starts = list(islice(base, _STARTS))
    for column, (_, values) in enumerate(operands):
        position = sources.get(column)
        if position is None or contract.inputs[position].type.feeds != "number":
            continue
        for value in values:
            searches = [threshold_search.ThresholdSearch(position, column, value, list(row)) for row in starts]
            nearby = threshold_search.sides(contract, searches, bounds, inside.fed)
            near = [
                [*row[:position], moved, *row[position + 1 :]]
                for row, sides in zip(starts, nearby, strict=True)
                for moved in sides
            ]
            rows = allowed(contract, ProbeRows(probes.names, near, [KIND] * len(near)))
            if not len(rows):
                continue
            probes.extend(rows)
            hit = inside.of(rows.rows)[:, column] == value
            exact = rows.selected(hit.tolist()).rows
            if exact:
                probes.extend(thresholds.threshold_rows(conversion, contract, exact, bounds, most=_SPLITS))
    return probes


def _operands(conversion: Conversion) -> list[tuple[Tensor, tuple[float, ...]]]:
    """The operands as columns (N, 1), each once, and their special values; without those in `open_ended_in`."""
    nodes = conversion.graph.nodes
    open_ended = thresholds.open_ended_in(nodes)
    result: list[tuple[Tensor, tuple[float, ...]]] = []
    for name, (tensor, values) in {
        tensor.materialize().name: (tensor, values) for tensor, values in conversion.special_operands
    }.items():
        if name in open_ended or len(tensor.shape) > 2 or tensor.dtype in ("object", "bool"):
            continue
        matrix = (tensor if len(tensor.shape) == 2 else tensor.matrix()).cast("float64")
        result += [(matrix.columns([i]), values) for i in range(min(matrix.width, _MOST))]
    return result[:_MOST]
