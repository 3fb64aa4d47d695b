"""`bool`: true and false, encoded as 1 and 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sealift.contract.scalars import Scalar
from sealift.contract.types.base import CellRules, ValueType
from sealift.contract.types.number import Number
from sealift.contract.values import SPACE, Unreadable, Value


class Boolean(Number):
    """Booleans, and the numbers 0 and 1."""

    needed = "true or false"
    is_whole = True
    extent = (0.0, 1.0)
    has_words = True

    def fits(self, value: object) -> bool:
        """A boolean."""
        return isinstance(value, bool)

    def value_of(self, number: float) -> bool:
        """A boolean."""
        return bool(number)

    def json_schema(self, low: float, high: float, categories: Sequence[Scalar] | None) -> dict[str, Any]:
        """Booleans."""
        values = [value for value in (False, True) if low <= value <= high]
        if categories is not None:
            values = [value for value in values if value in categories]
        if len(values) == 2:
            return {"type": "boolean"}
        return {"enum": values} if values else {"not": {}}

    def cell(self, cell: str, rules: CellRules) -> Value | Unreadable:
        """`true` or `false` in any case, a word of the field, or a number, of which `encode` accepts 0 and 1."""
        text = cell.strip(SPACE)
        if text not in rules.missing:
            if text in rules.words:
                return rules.words[text]
            if text.lower() in ("true", "false"):
                return text.lower() == "true"
        return super().cell(cell, rules)

    def cells(self, cells: Sequence[str], rules: CellRules) -> list[Any]:
        """Cell by cell."""
        return [self.cell(cell, rules) for cell in cells]


BOOL: ValueType = Boolean("bool")
