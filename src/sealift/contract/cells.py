"""Cells of text to values: how CSV files and form fields are read (spec/CONTRACT.md §3)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from math import nan
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract.date_format import compile_format, iso_of
from sealift.contract.datetimes import DAY, TIMES, column_micros, micros_of
from sealift.contract.field import DEFAULT_STRING_MISSING, MISSING_WORDS, DType, Field
from sealift.contract.scalars import shown

SPACE = " \t\r\n\u00a0"

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_PLAIN = "_\v\f\x1c\x1d\x1e\x1f"

Value: TypeAlias = str | float | bool | None


class Unreadable:
    """A cell that is not of its field's dtype; keeps the text for the message."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class CellReader:
    """Reads the cells of one column.

    Args:
        dtype: the type of the column.
        missing_as: the cells that are missing; the default of the dtype where None.
        true_as, false_as: what a boolean column writes beside `true` and `false`.
        date_format: the form of dates beside ISO 8601, such as `%d.%m.%Y` (contract/date_format.py).
    """

    def __init__(
        self,
        dtype: DType,
        *,
        missing_as: Collection[str] | None = None,
        true_as: Collection[str] = (),
        false_as: Collection[str] = (),
        date_format: str = "",
    ) -> None:
        default = DEFAULT_STRING_MISSING if dtype == "string" else MISSING_WORDS
        self.dtype = dtype
        self.missing = frozenset(default if missing_as is None else missing_as)
        self._words = {**dict.fromkeys(true_as, True), **dict.fromkeys(false_as, False)}
        self._dates = compile_format(date_format) if date_format else None
        # A word such as -999 is a number to float() too.
        self._numeric_words = any(_NUMBER.fullmatch(word) for word in self.missing)

    @classmethod
    def of(cls, field: Field) -> CellReader:
        """The reader of a field's cells."""
        return cls(
            field.dtype,
            missing_as=field.missing_as,
            true_as=field.true_as or (),
            false_as=field.false_as or (),
            date_format=field.date_format,
        )

    def cell(self, cell: str) -> Value | Unreadable:
        """One cell: its value, None when it is missing, or `Unreadable`."""
        if self.dtype == "string":
            return None if cell in self.missing else cell
        text = cell.strip(SPACE)
        if text in self.missing:
            return None
        if self.dtype in TIMES:
            iso = text if self._dates is None else iso_of(text, self._dates)
            return iso if micros_of(iso, self.dtype) is not None else Unreadable(cell)
        if self.dtype == "bool":
            if text in self._words:
                return self._words[text]
            if text.lower() in ("true", "false"):
                return text.lower() == "true"
        if _NUMBER.fullmatch(text):
            return float(text)
        return Unreadable(cell)

    def is_missing_number(self, value: object) -> bool:
        """Whether a typed number is one that the column declares to be missing, such as -999."""
        return self._numeric_words and isinstance(value, int | float) and shown(value) in self.missing

    def column(self, cells: Sequence[str]) -> list[Value | Unreadable] | npt.NDArray[np.float64]:
        """A whole column, each cell as `cell` reads it; a number column without a flaw comes as one array."""
        if self.dtype in ("float64", "float32", "int64") and not self._numeric_words:
            numbers = self._plain_numbers(cells)
            if numbers is not None:
                return numbers
        if self.dtype == "string":
            missing = self.missing
            return [None if cell in missing else cell for cell in cells]
        if self.dtype in TIMES and self._dates is None:
            texts: list[Value | Unreadable] = [
                None if (t := cell.strip(SPACE)) in self.missing else t for cell in cells
            ]
            dates = column_micros(texts)
            if dates is not None and (self.dtype == "datetime" or not (dates[0] % DAY).any()):
                return texts
        return [self.cell(cell) for cell in cells]

    def _plain_numbers(self, cells: Sequence[str]) -> npt.NDArray[np.float64] | None:
        """The column through float(), missing cells as NaN; None where float() accepts more than the contract."""
        joined = "".join(cells)
        # float() also takes digits of other scripts, underscores, and more kinds of white space.
        if not joined.isascii() or any(char in joined for char in _NOT_PLAIN):
            return None
        missing = self.missing
        try:
            array = np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
        except ValueError:
            try:
                array = np.fromiter(
                    (nan if cell in missing else float(cell) for cell in cells), dtype=np.float64, count=len(cells)
                )
            except ValueError:
                return None
        # What float() made of 'inf', 'NAN' or '1e999' is not the contract's reading.
        odd = np.flatnonzero(~np.isfinite(array))
        return array if all(cells[row] in missing for row in odd.tolist()) else None


def read_cell(cell: str, field: Field) -> Value | Unreadable:
    """One cell of a field: its value, None when it is missing, or `Unreadable`."""
    return CellReader.of(field).cell(cell)


def read_column(cells: Sequence[str], field: Field) -> list[Value | Unreadable] | npt.NDArray[np.float64]:
    """A whole column of a field's cells; a number column without a flaw comes as one array."""
    return CellReader.of(field).column(cells)
