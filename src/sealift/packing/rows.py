"""Rows that were generated, never recorded: plausible ones, and every kind of edge where conversions go wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from sealift.contract import Contract, Field, encode
from sealift.packing.fields import unseen
from sealift.packing.forms import Values
from sealift.stats import Numbers, Sketch

Row: TypeAlias = list[float | str | bool | None]

# Texts on which tokenisers, trimming, folding and sentinels differ.
_TEXTS = ("", " ", "é", "e\u0301", "ẞ", "İ", "NaN", "None", "nan", "0", "\u200b", "日本", "a\nb", "x" * 300)


@dataclass
class Rows:
    """Generated rows by kind, in the order of the contract's fields."""

    names: Sequence[str]
    rows: list[Row] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    def add(self, kind: str, rows: Sequence[Row]) -> None:
        """Append rows of one kind."""
        self.rows += rows
        self.kinds += [kind] * len(rows)

    def extend(self, others: Rows) -> None:
        """Append rows with their kinds."""
        self.rows += others.rows
        self.kinds += others.kinds

    def columns(self) -> dict[str, list[Any]]:
        """The rows as columns."""
        return {name: [row[i] for row in self.rows] for i, name in enumerate(self.names)}

    def kept(self, keep: Sequence[bool]) -> Rows:
        """The rows where `keep` holds."""
        pairs = [(row, kind) for row, kind, wanted in zip(self.rows, self.kinds, keep, strict=True) if wanted]
        return Rows(self.names, [row for row, _ in pairs], [kind for _, kind in pairs])

    def __len__(self) -> int:
        return len(self.rows)


def typed(contract: Contract, columns: Sequence[Values]) -> list[Row]:
    """Columns as drawn, to rows that fit their fields: whole numbers, booleans, nothing missing where refused."""
    fitted = [_fit(f, values) for f, values in zip(contract.inputs, columns, strict=True)]
    return [list(row) for row in zip(*fitted, strict=True)]


def edges(contract: Contract, sketches: Sequence[Sketch], base: Sequence[Row]) -> Rows:
    """Rows at the edges of each field, on top of plausible `base` rows; ones the contract refuses are left out."""
    found = Rows([f.name for f in contract.inputs])
    turn = 0

    def vary(kind: str, position: int, values: Sequence[Any]) -> None:
        nonlocal turn
        for value in values:
            row = list(base[turn % len(base)])
            row[position] = value
            turn += 1
            found.add(kind, [row])

    few = max(1, 2000 // len(contract.inputs))
    for i, (f, sketch) in enumerate(zip(contract.inputs, sketches, strict=True)):
        if f.missing == "allowed":
            vary("missing", i, [None] * min(3, few))
        if f.categories is not None:
            vary("categories", i, list(f.categories)[: 20 * few])
            vary("categories", i, [unseen(f)])
        if f.dtype == "string":
            vary("text", i, _TEXTS[: 3 * few])
        elif isinstance(sketch, Numbers):
            vary("extremes", i, _extremes(f, sketch)[: 3 * few])
    empty: Row = [None if f.missing == "allowed" else value for f, value in zip(contract.inputs, base[0], strict=True)]
    found.add("missing", [empty])
    return allowed(contract, found)


def allowed(contract: Contract, rows: Rows) -> Rows:
    """The rows that the contract lets through."""
    if not len(rows):
        return rows
    return rows.kept(encode(contract, rows.columns()).good.tolist())


def crossings(
    contract: Contract,
    base: Sequence[Row],
    targets: Sequence[tuple[int, int, float]],
    measure: Callable[[dict[str, Any]], Any],
    bounds: Sequence[tuple[float, float]],
) -> Rows:
    """Pairs of neighbouring doubles between which an inner value passes a threshold.

    Each target is a field, a column of what `measure` gives for rows (N, k), and a threshold on that column. The
    field's value is halved in until its two sides are neighbours, whatever monotone preprocessing lies between;
    a conversion that compares in another precision answers differently on one of the two.
    """
    found = Rows([f.name for f in contract.inputs])
    if not targets:
        return found
    rows = [list(base[i % len(base)]) for i in range(len(targets))]
    low = np.array([bounds[i][0] for i, _, _ in targets], dtype=np.float64)
    high = np.array([bounds[i][1] for i, _, _ in targets], dtype=np.float64)
    column = np.array([c for _, c, _ in targets])
    threshold = np.array([t for _, _, t in targets])

    def above(values: Any) -> Any:
        for row, (position, _, _), value in zip(rows, targets, values.tolist(), strict=True):
            row[position] = value
        table = Rows(found.names, rows)
        return measure(table.columns())[np.arange(len(targets)), column] > threshold

    start, stop = above(low), above(high)
    usable = start != stop
    for _ in range(80):
        middle = low / 2 + high / 2
        if not (usable & (middle > low) & (middle < high)).any():
            break
        side = above(middle)
        low = np.where(side == start, middle, low)
        high = np.where(side == start, high, middle)
    for i in np.flatnonzero(usable).tolist():
        for value in (low[i], high[i]):
            row = list(rows[i])
            row[targets[i][0]] = float(value)
            found.add("thresholds", [row])
    return allowed(contract, found)


def _extremes(f: Field, sketch: Numbers) -> list[float]:
    low, high = sketch.bounds
    width = high - low or abs(high) or 1.0
    if f.dtype == "bool":
        return [0.0, 1.0]
    if f.dtype == "int64":
        return [0, -1, 1, round(low - width), round(high + width), round(low - 10 * width), round(high + 10 * width)]
    third = low + width / 3
    return [
        *(0.0, -0.0, low - width, high + width, low - 10 * width, high + 10 * width, third),
        *(float(np.float32(third)), math.nextafter(third, math.inf), 5e-324, -1e-12),
    ]


def _fit(f: Field, values: Values) -> list[Any]:
    result: list[Any] = []
    low, high = f.range or (None, None)
    for drawn in values:
        value = drawn
        if value is None and f.missing == "refused":
            value = f.typical if f.typical is not None else (f.categories or [None])[0]
            if value is None:
                value = "" if f.dtype == "string" else 0.0
        if value is not None and not isinstance(value, str):
            value = max(value, low) if low is not None else value
            value = min(value, high) if high is not None else value
            value = bool(value) if f.dtype == "bool" else round(value) if f.dtype == "int64" else float(value)
            if f.dtype == "float32":
                value = float(np.float32(value))
        result.append(value)
    return result
