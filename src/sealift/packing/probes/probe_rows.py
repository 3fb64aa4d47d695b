"""Rows that were generated, never recorded: plausible ones, and every kind of edge where conversions go wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sealift.contract import Batch, Contract, encode
from sealift.packing.inputs.columns import Values
from sealift.packing.types import type_packing
from sealift.stages import Stages
from sealift.stats import Sketch

Row: TypeAlias = list[float | str | bool | None]

ROUNDED = "rounded thresholds"
"""The kind of rows at a threshold whose compared number is itself the result of rounding."""


@dataclass
class ProbeRows:
    """Generated rows by kind, in the order of the contract's fields."""

    names: Sequence[str]
    rows: list[Row] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    def add(self, kind: str, rows: Sequence[Row]) -> None:
        """Append rows of one kind."""
        self.rows += rows
        self.kinds += [kind] * len(rows)

    def extend(self, others: ProbeRows) -> None:
        """Append rows with their kinds."""
        self.rows += others.rows
        self.kinds += others.kinds

    def columns(self) -> dict[str, list[Any]]:
        """The rows as columns."""
        if not self.rows:
            return {name: [] for name in self.names}
        return dict(zip(self.names, map(list, zip(*self.rows, strict=True)), strict=True))

    def kept(self, keep: Sequence[bool]) -> ProbeRows:
        """The rows where `keep` holds."""
        pairs = [(row, kind) for row, kind, wanted in zip(self.rows, self.kinds, keep, strict=True) if wanted]
        return ProbeRows(self.names, [row for row, _ in pairs], [kind for _, kind in pairs])

    def __len__(self) -> int:
        return len(self.rows)


def typed(contract: Contract, columns: Sequence[Values]) -> list[Row]:
    """Columns as drawn, to rows that fit their fields: whole numbers, booleans, nothing missing where refused."""
    fitted = [type_packing(f.dtype).fitted(f, values) for f, values in zip(contract.inputs, columns, strict=True)]
    return [list(row) for row in zip(*fitted, strict=True)]


def edges(contract: Contract, sketches: Sequence[Sketch], base: Sequence[Row]) -> ProbeRows:
    """Rows at the edges of each field, on top of plausible `base` rows; ones the contract refuses are left out.

    One edge a row; where there are thousands of fields, several fields share a row.
    """
    wanted: dict[str, list[tuple[int, Any]]] = {
        "missing": [],
        "categories": [],
        "text": [],
        "extremes": [],
        "dates": [],
    }
    few = max(1, 2000 // len(contract.inputs))
    for i, (f, sketch) in enumerate(zip(contract.inputs, sketches, strict=True)):
        packing = type_packing(f.dtype)
        if f.missing == "allowed":
            wanted["missing"] += [(i, None)] * min(3, few)
        if f.categories is not None:
            wanted["categories"] += [(i, value) for value in [*f.categories[: 20 * few], packing.unseen(f)]]
        for kind, values in packing.edges(f, sketch, few).items():
            wanted.setdefault(kind, []).extend((i, value) for value in values)
    probes = ProbeRows([f.name for f in contract.inputs])
    most = max(25, min(4000, 400_000 // len(contract.inputs)))
    for kind, edits in wanted.items():
        rows = [list(base[i % len(base)]) for i in range(min(most, len(edits)))]
        for turn, (position, value) in enumerate(edits):
            rows[turn % len(rows)][position] = value
        probes.add(kind, rows)
    empty: Row = [None if f.missing == "allowed" else value for f, value in zip(contract.inputs, base[0], strict=True)]
    probes.add("missing", [empty])
    return allowed(contract, probes)


def encoded(contract: Contract, columns: Mapping[str, Values]) -> Batch:
    """Columns of plain values as the graph is fed with them; numbers as arrays, which are checked faster."""
    batch = encode(
        contract,
        {f.name: type_packing(f.dtype).column(columns[f.name]) for f in contract.inputs},
    )
    return Stages.refusing(contract).checked(batch)


def allowed(contract: Contract, rows: ProbeRows) -> ProbeRows:
    """The rows that the contract lets through."""
    if not len(rows):
        return rows
    return rows.kept(encoded(contract, rows.columns()).good.tolist())
