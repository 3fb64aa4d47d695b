"""Infer the inputs from the attributes of a fitted model: names, number of columns, and which columns held strings."""

from __future__ import annotations

from typing import Any

from sealift.contract import Field
from sealift.contract.parts import LONGEST_TEXT
from sealift.frameworks import Source

_ROWS = 6


def guessed(source: Source) -> tuple[list[Field], dict[str, list[Any]]]:
    """The fields, and a few synthetic rows, column by column.

    Raises:
        PackError: E305 when the model does not remember how many columns it takes.
    """
    fields: list[Field] = []
    columns: dict[str, list[Any]] = {}
    for i, (remembered, known) in enumerate(source.remembered()):
        # No field has an empty name or a very long one, but the rest of such a model can be examined.
        name = remembered[:LONGEST_TEXT] or f"column {i + 1}"
        fields.append(Field(name=name, dtype="string" if known else "float64", missing="allowed"))
        pool: list[Any] = list(known) or [0.5 + i % 3, 1.0, 2.0]
        columns[name] = [pool[j % len(pool)] for j in range(_ROWS)]
    return fields, columns
