"""Cells of text to values: how CSV files and form fields are read (spec/CONTRACT.md §3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import nan
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract.field import DType
from sealift.contract.moments import DAY, TIMES, column_micros, micros_of

SPACE = " \t\r\n\u00a0"
MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"})

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_PLAIN = "_\v\f\x1c\x1d\x1e\x1f"

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
    if dtype in TIMES:
        return text if micros_of(text, dtype) is not None else Unreadable(cell)
    if dtype == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _NUMBER.fullmatch(text):
        return float(text)
    return Unreadable(cell)


def read_column(cells: Sequence[str], dtype: DType) -> list[Value | Unreadable] | npt.NDArray[np.float64]:
    """A whole column of cells, as `read_cell` reads each; a number column without a flaw comes as one array."""
    if dtype in ("float64", "float32", "int64"):
        numbers = _plain_numbers(cells)
        if numbers is not None:
            return numbers
    if dtype == "string":
        return [cell or None for cell in cells]
    if dtype in TIMES:
        texts: list[Value | Unreadable] = [None if (t := cell.strip(SPACE)) in MISSING else t for cell in cells]
        found = column_micros(texts)
        if found is not None and (dtype == "datetime" or not (found[0] % DAY).any()):
            return texts
    return [read_cell(cell, dtype) for cell in cells]


def _plain_numbers(cells: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """The column through float(), missing cells as NaN; None where float() is more generous than the contract."""
    joined = "".join(cells)
    # float() also takes digits of other scripts, underscores, and more kinds of white space.
    if not joined.isascii() or any(char in joined for char in _NOT_PLAIN):
        return None
    try:
        array = np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    except ValueError:
        try:
            array = np.fromiter(
                (nan if cell in MISSING else float(cell) for cell in cells), dtype=np.float64, count=len(cells)
            )
        except ValueError:
            return None
    # What float() made of 'inf', 'NAN' or '1e999' is not the contract's reading.
    odd = np.flatnonzero(~np.isfinite(array))
    return array if all(cells[row] in MISSING for row in odd.tolist()) else None
