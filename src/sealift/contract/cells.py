"""Parse cells of CSV files and form fields into values (spec/CONTRACT.md §3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from sealift.contract.date_format import compile_format
from sealift.contract.field import DType, Field
from sealift.contract.scalars import shown
from sealift.contract.types import value_type
from sealift.contract.values import NUMBER, SPACE, Unreadable, Value

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["SPACE", "CellReader", "Unreadable", "Value", "read_cell", "read_column"]


class CellReader:
    """Reads the cells of one column.

    Args:
        dtype: the type of the column.
        missing_as: the cells that mean a missing value; None for the default of the dtype.
        true_as, false_as: words for booleans, in addition to `true` and `false`.
        date_format: a format of dates in addition to ISO 8601, such as `%d.%m.%Y` (contract/date_format.py).
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
        kind = value_type(dtype)
        assert kind is not None  # the dtype of a field
        self.type = kind
        self.missing = frozenset(kind.missing_words if missing_as is None else missing_as)
        self.words = {**dict.fromkeys(true_as, True), **dict.fromkeys(false_as, False)}
        self.dates = compile_format(date_format) if date_format else None
        # A word such as -999 is a number to float() too.
        self.numeric_words = any(NUMBER.fullmatch(word) for word in self.missing)

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

    def cell(self, cell: str) -> Value | Unreadable | Any:
        """One cell: its value, None when it is missing, or `Unreadable`."""
        return self.type.cell(cell, self)

    def is_missing_number(self, value: object) -> bool:
        """Whether a number is declared to mean a missing value, such as -999."""
        return self.numeric_words and isinstance(value, int | float) and shown(value) in self.missing

    def column(self, cells: Sequence[str]) -> list[Any] | npt.NDArray[Any]:
        """A whole column, each cell as `cell` reads it; an array if all cells are numbers or missing."""
        return self.type.cells(cells, self)


def read_cell(cell: str, field: Field) -> Value | Unreadable | Any:
    """One cell of a field: its value, None when it is missing, or `Unreadable`."""
    return CellReader.of(field).cell(cell)


def read_column(cells: Sequence[str], field: Field) -> list[Any] | npt.NDArray[Any]:
    """A whole column of a field's cells; an array if all cells are numbers or missing."""
    return CellReader.of(field).column(cells)
