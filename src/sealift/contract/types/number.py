"""`float64` and `float32`: finite numbers. Booleans are 0 and 1."""

from __future__ import annotations

import math
import numbers as abstract
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sealift.contract.scalars import MAX_SAFE_INTEGER, Scalar
from sealift.contract.types.base import CellRules, ValueType
from sealift.contract.types.single_precision import rounding_to, single
from sealift.contract.values import NUMBER, OK, SPACE, WRONG_TYPE, Encoded, Unreadable, Value, is_missing

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy.typing as npt

_NOT_PLAIN = "_\v\f\x1c\x1d\x1e\x1f"
_LARGEST = 1.7976931348623157e308
_LARGEST_SINGLE = 3.4028234663852886e38


class Number(ValueType):
    """Numbers, unchanged in the tensor `number`."""

    feeds = "number"
    needed = "a finite number"
    is_plain = True
    extent = (-_LARGEST, _LARGEST)

    def __init__(self, name: str = "float64", *, single: bool = False) -> None:
        self.name, self.is_single = name, single

    def fits(self, value: object) -> bool:
        """A finite number that is not a boolean."""
        return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)

    def known(self, categories: Iterable[Scalar]) -> frozenset[Any]:
        """The categories; for float32 also the numbers that they are rounded to."""
        values = {float(value) for value in categories}
        return frozenset(values | {single(value) for value in values} if self.is_single else values)

    def cell(self, cell: str, rules: CellRules) -> Value | Unreadable:
        """A number with a decimal point."""
        text = cell.strip(SPACE)
        if text in rules.missing:
            return None
        return float(text) if NUMBER.fullmatch(text) else Unreadable(cell)

    def cells(self, cells: Sequence[str], rules: CellRules) -> list[Any] | npt.NDArray[Any]:
        """An array, missing cells as NaN, where float() and the contract agree on all cells."""
        numbers = None if rules.numeric_words else _plain_numbers(cells, rules.missing)
        return super().cells(cells, rules) if numbers is None else numbers

    def json_schema(self, low: float, high: float, categories: Sequence[Scalar] | None) -> dict[str, Any]:
        """Numbers within the range and the extent; for float32, those that are rounded to such a number."""
        least, most = max(low, self.extent[0]), min(high, self.extent[1])
        if self.is_single:
            least, most = max(least, -_LARGEST_SINGLE), min(most, _LARGEST_SINGLE)
        if categories is None:
            return self._between(least, most)
        values = sorted({single(float(value)) if self.is_single else float(value) for value in categories})
        values = [value for value in values if least <= value <= most]
        if not values:
            return {"not": {}}
        if self.is_single:
            return {"anyOf": [self._between(value, value) for value in values]}
        return {"enum": [_plain(value) for value in values]}

    def _between(self, low: float, high: float) -> dict[str, Any]:
        if self.is_single:
            low, high = rounding_to(low, high)
        schema: dict[str, Any] = {"type": "integer" if self.is_whole else "number"}
        if low > -_LARGEST:
            schema["minimum"] = _plain(low)
        if high < _LARGEST:
            schema["maximum"] = _plain(high)
        return schema

    def encode(self, column: Sequence[Any] | npt.NDArray[Any]) -> Encoded:
        """float64 (N,), NaN where missing."""
        import numpy as np

        codes = np.full(len(column), OK, dtype=np.uint8)
        if isinstance(column, np.ndarray) and column.dtype.kind in "fiub":
            array = column.astype(np.float64)
            # On the integers, because a double may be rounded to one within the extent.
            if self.is_whole and column.dtype.kind in "iu":
                codes[(column > self.extent[1]) | (column < self.extent[0])] = WRONG_TYPE
        else:
            array = np.empty(len(column), dtype=np.float64)
            for row, value in enumerate(column):
                number = _number(value)
                if number is None:
                    codes[row], number = WRONG_TYPE, 0.0
                array[row] = number
        missing = np.isnan(array)
        if self.is_single:
            with np.errstate(over="ignore"):
                array = array.astype(np.float32).astype(np.float64)
        low, high = self.extent
        bad = ~missing & ((array < low) | (array > high))
        if self.is_whole:
            bad |= ~missing & (array != np.floor(array))
        codes[bad] = WRONG_TYPE
        array[codes == WRONG_TYPE] = 0.0
        return Encoded(array, missing, codes)


def _plain(number: float) -> int | float:
    """A whole number as an int, where every JSON reader reads the same number."""
    return int(number) if number % 1 == 0 and abs(number) <= MAX_SAFE_INTEGER else number


def _number(value: object) -> float | None:
    """The value as a double, NaN when missing, None when it is not a number."""
    import numpy as np

    if type(value) is float or type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return math.inf
    if is_missing(value):
        return math.nan
    if isinstance(value, np.timedelta64):  # in NumPy a subclass of signedinteger
        return None
    if not isinstance(value, bool | np.bool_ | abstract.Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _plain_numbers(cells: Sequence[str], missing: frozenset[str]) -> npt.NDArray[Any] | None:
    """Convert the column by float(), missing cells as NaN; None where float() accepts more than the contract."""
    import numpy as np

    joined = "".join(cells)
    # float() also accepts digits of other scripts, underscores, and more kinds of white space.
    if not joined.isascii() or any(char in joined for char in _NOT_PLAIN):
        return None
    try:
        array = np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    except ValueError:
        try:
            array = np.fromiter(
                (math.nan if cell in missing else float(cell) for cell in cells), dtype=np.float64, count=len(cells)
            )
        except ValueError:
            return None
    # float() also accepts 'inf', 'NAN' and '1e999', which are not numbers of the contract.
    odd = np.flatnonzero(~np.isfinite(array))
    return array if all(cells[row] in missing for row in odd.tolist()) else None


FLOAT64 = Number()
FLOAT32 = Number("float32", single=True)
