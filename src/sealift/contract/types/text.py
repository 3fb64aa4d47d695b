"""`string`: strings of any length, including the empty string."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sealift.contract.scalars import Scalar
from sealift.contract.types.base import CellRules, ValueType
from sealift.contract.values import DEFAULT_STRING_MISSING, OK, WRONG_TYPE, Encoded, is_missing, is_valid_string

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy.typing as npt


class String(ValueType):
    """Strings without U+0000 and unpaired surrogates, in the tensor `text`."""

    name = "string"
    feeds = "text"
    needed = "text"
    missing_words = DEFAULT_STRING_MISSING
    has_range = False

    def fits(self, value: object) -> bool:
        """A string."""
        return isinstance(value, str)

    def known(self, categories: Iterable[Scalar]) -> frozenset[Any]:
        """The categories."""
        return frozenset(categories)

    def json_schema(self, low: float, high: float, categories: Sequence[Scalar] | None) -> dict[str, Any]:
        """Strings without U+0000 and unpaired surrogates."""
        if categories is not None:
            return super().json_schema(low, high, categories)
        return {"type": "string", "pattern": r"^[^\u0000\ud800-\udfff]*(?![\s\S])"}

    def cell(self, cell: str, rules: CellRules) -> str | None:
        """The cell as it is."""
        return None if cell in rules.missing else cell

    def cells(self, cells: Sequence[str], rules: CellRules) -> list[Any]:
        """The cells as they are."""
        missing = rules.missing
        return [None if cell in missing else cell for cell in cells]

    def encode(self, column: Sequence[Any] | npt.NDArray[Any]) -> Encoded:
        """Objects (N,): strings, empty where missing."""
        import numpy as np

        codes = np.full(len(column), OK, dtype=np.uint8)
        array: npt.NDArray[Any] = np.empty(len(column), dtype=np.object_)
        missing = np.zeros(len(column), dtype=np.bool_)
        if all(type(value) is str for value in column) and is_valid_string("".join(column)):
            array[:] = column
            return Encoded(array, missing, codes)
        for row, value in enumerate(column):
            if isinstance(value, str) and is_valid_string(value):
                array[row] = str(value)
            else:
                array[row] = ""
                if is_missing(value):
                    missing[row] = True
                else:
                    codes[row] = WRONG_TYPE
        return Encoded(array, missing, codes)


STRING = String()
