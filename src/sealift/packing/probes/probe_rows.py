"""Rows that were generated, never recorded: plausible ones, and every kind of edge where conversions go wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from sealift.contract import Batch, Contract, Field, encode
from sealift.contract.scalars import MAX_SAFE_INTEGER
from sealift.packing.describe.fields import unseen
from sealift.packing.inputs import dates
from sealift.packing.inputs.columns import Values, as_numbers
from sealift.packing.inputs.number_values import NumberValues
from sealift.stages.text import Stages
from sealift.stats import Numbers, Sketch

Row: TypeAlias = list[float | str | bool | None]

# Texts on which tokenisers, trimming, folding and sentinels differ.
_FEW = 5  # numbers that a field knows
_TEXTS = ("", " ", "é", "e\u0301", "ẞ", "İ", "NaN", "None", "nan", "0", "\u200b", "日本", "a\nb", "x" * 300)
ROUNDED = "rounded thresholds"
"""The kind of rows at a threshold whose compared number is itself the result of rounding."""

_LARGEST_SINGLE = float(np.finfo(np.float32).max)


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
        if not self.rows:
            return {name: [] for name in self.names}
        return dict(zip(self.names, map(list, zip(*self.rows, strict=True)), strict=True))

    def kept(self, keep: Sequence[bool]) -> Rows:
        """The rows where `keep` holds."""
        pairs = [(row, kind) for row, kind, wanted in zip(self.rows, self.kinds, keep, strict=True) if wanted]
        return Rows(self.names, [row for row, _ in pairs], [kind for _, kind in pairs])

    def __len__(self) -> int:
        return len(self.rows)


def typed(contract: Contract, columns: Sequence[Values]) -> list[Row]:
    """Columns as drawn, to rows that fit their fields: whole numbers, booleans, nothing missing where refused."""
    fitted = [
        dates.fitted(f, values) if f.is_time else _fit(f, values)
        for f, values in zip(contract.inputs, columns, strict=True)
    ]
    return [list(row) for row in zip(*fitted, strict=True)]


def edges(contract: Contract, sketches: Sequence[Sketch], base: Sequence[Row]) -> Rows:
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
        if f.missing == "allowed":
            wanted["missing"] += [(i, None)] * min(3, few)
        if f.categories is not None:
            wanted["categories"] += [(i, value) for value in [*f.categories[: 20 * few], unseen(f)]]
        if f.dtype == "string":
            near = [text for value in (f.categories or ())[:2] for text in _near(str(value))]
            wanted["text"] += [(i, text) for text in (*_TEXTS, *near)[: 4 * few]]
        elif f.is_time and isinstance(sketch, Numbers):
            wanted["dates"] += [(i, value) for value in dates.edges(f, sketch.bounds)[: 40 * few]]
        elif isinstance(sketch, Numbers):
            wanted["extremes"] += [(i, value) for value in _extremes(f, sketch)[: 3 * few]]
    found = Rows([f.name for f in contract.inputs])
    most = max(25, min(4000, 400_000 // len(contract.inputs)))
    for kind, edits in wanted.items():
        rows = [list(base[i % len(base)]) for i in range(min(most, len(edits)))]
        for turn, (position, value) in enumerate(edits):
            rows[turn % len(rows)][position] = value
        found.add(kind, rows)
    empty: Row = [None if f.missing == "allowed" else value for f, value in zip(contract.inputs, base[0], strict=True)]
    found.add("missing", [empty])
    return allowed(contract, found)


def encoded(contract: Contract, columns: Mapping[str, Values]) -> Batch:
    """Columns of plain values as the graph is fed with them; numbers as arrays, which are checked faster."""
    batch = encode(
        contract,
        {f.name: _column(f, columns[f.name]) for f in contract.inputs},
    )
    return Stages.refusing(contract).checked(batch)


def _column(f: Field, values: Values) -> Any:
    if f.dtype == "string":
        return values
    if f.is_time:
        return dates.as_datetimes(values, np.dtype("M8[us]"))
    return values.array if isinstance(values, NumberValues) else as_numbers(values)  # which `encode` copies


def allowed(contract: Contract, rows: Rows) -> Rows:
    """The rows that the contract lets through."""
    if not len(rows):
        return rows
    return rows.kept(encoded(contract, rows.columns()).good.tolist())


def _near(text: str) -> list[str]:
    """Texts that only a careless comparison takes for `text`."""
    variants = [f"{text} ", f" {text}", text.upper(), text.lower(), text.swapcase(), f"{text}\u0301"]
    return [variant for variant in dict.fromkeys(variants) if variant != text]


def _extremes(f: Field, sketch: Numbers) -> list[float]:
    if f.dtype == "bool":
        return [False, True]
    low, high = sketch.bounds or (0.0, 1.0)
    width = high - low or abs(high) or 1.0
    far = (low - width, high + width, low - 10 * width, high + 10 * width)
    if f.dtype == "int64":
        return [0, -1, 1, *(round(value) for value in far if abs(value) < MAX_SAFE_INTEGER)]
    third = low + width / 3
    single = float(np.float32(third)) if abs(third) < _LARGEST_SINGLE else third
    return [0.0, -0.0, *far, third, single, math.nextafter(third, math.inf), 5e-324, -1e-12]


def _fit(f: Field, values: Values) -> list[Any]:
    result: list[Any] = []
    low, high = f.limits("range") or (None, None)
    # Numbers are drawn from quantiles; between the few that a field knows (0 and 1) none is plausible.
    few = None if f.dtype in ("string", "bool") or len(f.categories or ()) > _FEW else f.categories
    for drawn in values:
        value = drawn if few is None or drawn is None else min(few, key=lambda known: abs(float(known) - float(drawn)))
        if value is None and f.missing == "refused":
            value = f.typical if f.typical is not None else (f.categories or [None])[0]
            if value is None:
                value = "" if f.dtype == "string" else 0.0
        if value is not None and not isinstance(value, str):
            value = max(value, low) if low is not None else value
            value = min(value, high) if high is not None else value
            value = bool(value) if f.dtype == "bool" else _whole(value) if f.dtype == "int64" else float(value)
            if f.dtype == "float32":
                value = float(np.float32(value))
        result.append(value)
    return result


def _whole(value: float) -> int:
    return max(-MAX_SAFE_INTEGER, min(MAX_SAFE_INTEGER, round(value)))
