"""`ProbeRows`: generated rows by kind; edge cases of the fields."""

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
"""The kind of rows at a threshold of a number that is the result of a rounded computation."""


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

    def selected(self, keep: Sequence[bool]) -> ProbeRows:
        """The rows for which `keep` is true."""
        pairs = [(row, kind) for row, kind, good in zip(self.rows, self.kinds, keep, strict=True) if good]
        return ProbeRows(self.names, [row for row, _ in pairs], [kind for _, kind in pairs])

    def __len__(self) -> int:
        return len(self.rows)


def typed(contract: Contract, columns: Sequence[Values]) -> list[Row]:
    """Drawn columns as rows of values that the fields accept: of their types, missing only where allowed."""
    fitted = [type_packing(f.dtype).fitted(f, values) for f, values in zip(contract.inputs, columns, strict=True)]
    return [list(row) for row in zip(*fitted, strict=True)]


def edges(contract: Contract, sketches: Sequence[Sketch], base: Sequence[Row]) -> ProbeRows:
    """Plausible rows `base` in which one value is replaced by an edge case of its field.

    With thousands of fields, several values of a row are replaced. Rows that the contract refuses are left out.
    """
    cases: dict[str, list[tuple[int, Any]]] = {
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
            cases["missing"] += [(i, None)] * min(3, few)
        if f.categories is not None:
            cases["categories"] += [(i, value) for value in [*f.categories[: 20 * few], packing.unseen(f)]]
        for kind, values in packing.edges(f, sketch, few).items():
            cases.setdefault(kind, []).extend((i, value) for value in values)
    probes = ProbeRows([f.name for f in contract.inputs])
    most = max(25, min(4000, 400_000 // len(contract.inputs)))
    for kind, edits in cases.items():
        rows = [list(base[i % len(base)]) for i in range(min(most, len(edits)))]
        for turn, (position, value) in enumerate(edits):
            rows[turn % len(rows)][position] = value
        probes.add(kind, rows)
    empty: Row = [None if f.missing == "allowed" else value for f, value in zip(contract.inputs, base[0], strict=True)]
    probes.add("missing", [empty])
    return allowed(contract, probes)


def encoded(contract: Contract, columns: Mapping[str, Values]) -> Batch:
    """Encode columns of plain values for the graph; numbers as arrays, which are validated faster."""
    batch = encode(
        contract,
        {f.name: type_packing(f.dtype).column(columns[f.name]) for f in contract.inputs},
    )
    return Stages.refusing(contract).checked(batch)


def allowed(contract: Contract, rows: ProbeRows) -> ProbeRows:
    """The rows that the contract accepts."""
    if not len(rows):
        return rows
    return rows.selected(encoded(contract, rows.columns()).good.tolist())
