"""All generated rows for which a proof compares the original and the graph."""

from __future__ import annotations

from sealift.contract import Contract, Field
from sealift.frameworks import Conversion
from sealift.packing.probes import free_text, special_values, thresholds
from sealift.packing.probes.probe_rows import ProbeRows, edges
from sealift.packing.probes.row_generator import RowGenerator


def generate(conversion: Conversion, contract: Contract, generator: RowGenerator) -> ProbeRows:
    """Plausible rows, and edge cases of the fields, of strings, of the trees' thresholds and of functions.

    Args:
        conversion: the graph, with its splits and functions.
        contract: the fields; rows that the contract refuses are left out.
        generator: generates the plausible rows, which the others are changed from.
    """
    rows = ProbeRows([f.name for f in contract.inputs])
    plausible = generator.plausible(contract)
    rows.add("plausible", plausible)
    rows.extend(edges(contract, generator.sketches, plausible))
    rows.extend(free_text.odd_rows(contract, generator.words, plausible))
    spans = [_span(f) for f in contract.inputs]
    rows.extend(thresholds.threshold_rows(conversion, contract, plausible, spans))
    rows.extend(special_values.special_rows(conversion, contract, plausible, spans))
    return rows


def _span(f: Field) -> tuple[float, float]:
    """The bounds of the search for a threshold: far beyond the observed range."""
    low, high = f.limits("observed") or (None, None)
    low, high = (-1e6, 1e6) if low is None or high is None else (low, high)
    width = high - low or abs(high) or 1.0
    return low - 5 * width, high + 5 * width
