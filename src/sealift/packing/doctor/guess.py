"""Infer rows from the attributes of a fitted model: names, number of columns, and which columns held strings."""

from __future__ import annotations

import math
from typing import Any

from sealift.contract.parts import LONGEST_TEXT
from sealift.frameworks import Source
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Column

_ROWS = 6


def remembered_rows(source: Source) -> InputRows:
    """A few synthetic rows, as a dict of columns.

    Raises:
        PackError: E305 when the model does not store its number of columns.
    """
    columns = []
    for i, (remembered, known) in enumerate(source.remembered()):
        # No field has an empty name or a very long one, but the rest of such a model can be examined.
        name = remembered[:LONGEST_TEXT] or f"column {i + 1}"
        pool: list[Any] = list(known) or [0.5 + i % 3, 1.0, 2.0]
        values = [pool[j % len(pool)] for j in range(_ROWS)]
        columns.append(Column(name, "string" if known else "float64", values, math.nan))
    return InputRows(tuple(columns), {column.name: column.values for column in columns}, dict)
