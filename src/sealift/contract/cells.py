"""Cells of text to values: how CSV files and form fields are read (spec/CONTRACT.md §3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from sealift.contract.field import DType

SPACE = " \t\r\n\u00a0"
MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"})

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
# A column made of these characters alone can go through float(), whose grammar then equals _NUMBER's.
_NOT_PLAIN = re.compile(r"[^0-9eE+\-. \n]")

Value: TypeAlias = str | float | bool | None


class Unreadable:
    """A cell that is not of its field's dtype; keeps the text for the message."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def read_cell(cell: str, dtype: DType) -> Value | Unreadable:
    """One cell: its value, None when it is missing, or `Unreadable`."""
    if dtype == "string":
        return cell or None
    text = cell.strip(SPACE)
    if text in MISSING:
        return None
    if dtype == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _NUMBER.fullmatch(text):
        return float(text)
    return Unreadable(cell)


def read_column(cells: Sequence[str], dtype: DType) -> list[Value | Unreadable]:
    """A whole column of cells, as `read_cell` reads each."""
    if dtype in ("float64", "float32", "int64") and not _NOT_PLAIN.search("\n".join(cells)):
        try:
            return [float(cell) if cell else None for cell in cells]
        except ValueError:
            pass  # something like '1-2' or a lone blank: read one by one
    return [read_cell(cell, dtype) for cell in cells]
