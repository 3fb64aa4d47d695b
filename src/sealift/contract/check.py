"""Columns of values to the graph's tensors, and what is wrong with which row (spec/CONTRACT.md §2 and §5)."""

from __future__ import annotations

import datetime
import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract.cells import Unreadable
from sealift.contract.contract import Contract
from sealift.contract.datetimes import DAY, column_micros, hint, micros_of
from sealift.contract.field import Field
from sealift.contract.scalars import MAX_SAFE_INTEGER, shown
from sealift.errors import ContractError

Array: TypeAlias = npt.NDArray[Any]
Codes: TypeAlias = npt.NDArray[np.uint8]

_OK, _MISSING, _TYPE, _RANGE, _CATEGORY = range(5)
_CODES = {_MISSING: "R101", _TYPE: "R102", _RANGE: "R103", _CATEGORY: "R104"}
_NEEDED = {
    "float64": "a finite number",
    "float32": "a finite number",
    "int64": "a whole number",
    "bool": "true or false",
    "string": "text",
    "date": "a date as 2024-03-01",
    "datetime": "a date with its time as 2024-03-01T12:30:00",
}
_NULLS = frozenset({"NAType", "NaTType"})  # pandas' own; named, because pandas is never imported here


@dataclass(frozen=True)
class Problem:
    """What is wrong with one row: its number counted from 1, the field, the code and a sentence."""

    row: int
    field: str
    code: str
    message: str

    def as_dict(self) -> dict[str, str | int]:
        """The problem for `--json`."""
        return {"row": self.row, "field": self.field, "code": self.code, "message": self.message}

    def as_error(self) -> ContractError:
        """The problem as an exception."""
        return ContractError(
            self.code, self.message, where=f"row {self.row}", fix="Correct the value, or leave the row out."
        )


@dataclass(frozen=True)
class Batch:
    """Rows ready for the graph.

    Attributes:
        tensors: tensor name → array of shape (N, columns); rows with problems hold placeholders.
        good: bool (N,), the rows without a problem.
        problems: at most one a row and field, by row and then by field.
    """

    tensors: Mapping[str, Array]
    good: npt.NDArray[np.bool_]
    problems: Sequence[Problem]

    def __len__(self) -> int:
        return len(self.good)

    def only_good(self) -> dict[str, Array]:
        """The tensors of the good rows alone."""
        if self.good.all():
            return dict(self.tensors)
        return {name: array[self.good] for name, array in self.tensors.items()}


def encode(contract: Contract, columns: Mapping[str, Sequence[Any] | Array], *, first_row: int = 1) -> Batch:
    """Check `columns` (input name → N values) against the contract and lay them out as the graph's tensors.

    Args:
        contract: the contract.
        columns: every input of the contract, all of one length.
        first_row: the number of the first row in messages.
    """
    count = len(next(iter(columns.values())))
    values: list[Array] = []
    masks: list[npt.NDArray[np.bool_]] = []
    problems: list[tuple[int, int, Problem]] = []
    good = np.ones(count, dtype=np.bool_)
    for position, field in enumerate(contract.inputs):
        column = columns[field.name]
        if isinstance(column, np.ma.MaskedArray):  # .astype would read what lies under the mask
            masked = np.ma.getmaskarray(column)
            column = np.asarray(column.data, dtype=np.object_).copy()
            column[masked] = None
        read = _texts if field.dtype == "string" else _times if field.is_time else _numbers
        array, missing, codes = read(column, field)
        _check(field, array, missing, codes)
        values.append(array)
        masks.append(missing)
        for row in np.flatnonzero(codes).tolist():
            good[row] = False
            problem = _problem(first_row + row, field, int(codes[row]), column[row])
            problems.append((row, position, problem))
    tensors: dict[str, Array] = {}
    for tensor in contract.tensors:
        if tensor.stage is not None:
            continue  # made of the texts, piece by piece, where the graph is run
        source = masks if tensor.name == "text_missing" else values
        dtype = {"float64": np.float64, "string": np.object_, "bool": np.bool_}[tensor.dtype]
        matrix: Array = np.empty((count, len(tensor.fields)), dtype=dtype)
        for target, position in enumerate(tensor.fields):
            matrix[:, target] = source[position]
        tensors[tensor.name] = matrix
    problems.sort(key=lambda item: item[:2])
    return Batch(tensors, good, [problem for _, _, problem in problems])


def is_missing(value: object) -> bool:
    """Whether a value of a table or of JSON stands for nothing: None, NaN, pandas.NA, NaT."""
    if value is None or type(value).__name__ in _NULLS:
        return True
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    return isinstance(value, float | np.floating) and math.isnan(value)


def _numbers(column: Sequence[Any] | Array, field: Field) -> tuple[Array, npt.NDArray[np.bool_], Codes]:
    codes = np.zeros(len(column), dtype=np.uint8)
    if isinstance(column, np.ndarray) and column.dtype.kind in "fiub":
        array = column.astype(np.float64)
        if field.dtype == "int64" and column.dtype.kind in "iu":
            # before it becomes a double: an integer beyond 2**53 would silently become its neighbour
            codes[(column > MAX_SAFE_INTEGER) | (column < -MAX_SAFE_INTEGER)] = _TYPE
    else:
        array = np.empty(len(column), dtype=np.float64)
        for row, value in enumerate(column):
            number = _number(value)
            if number is None:
                codes[row], number = _TYPE, 0.0
            array[row] = number
    missing = np.isnan(array)
    with np.errstate(over="ignore"):
        if field.dtype == "float32":
            array = array.astype(np.float32).astype(np.float64)
    bad = np.isinf(array)
    if field.dtype == "int64":
        bad |= ~missing & ((array != np.floor(array)) | (np.abs(array) > MAX_SAFE_INTEGER))
    elif field.dtype == "bool":
        bad |= ~missing & (array != 0) & (array != 1)
    codes[bad] = _TYPE
    array[codes == _TYPE] = 0.0
    return array, missing, codes


def _number(value: object) -> float | None:
    """The value as a double, NaN when missing, None when it is no number."""
    if type(value) is float or type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return math.inf
    if is_missing(value):
        return math.nan
    if isinstance(value, np.timedelta64):  # which NumPy counts among the whole numbers
        return None
    if not isinstance(value, bool | np.bool_ | numbers.Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _times(column: Sequence[Any] | Array, field: Field) -> tuple[Array, npt.NDArray[np.bool_], Codes]:
    codes = np.zeros(len(column), dtype=np.uint8)
    whole = column_micros(column)
    if whole is not None:
        micros, missing = whole
        array = micros.astype(np.float64)
        if field.dtype == "date":
            codes[micros % DAY != 0] = _TYPE
    else:
        array = np.zeros(len(column), dtype=np.float64)
        missing = np.zeros(len(column), dtype=np.bool_)
        for row, value in enumerate(column):
            if is_missing(value):
                missing[row] = True
                continue
            found = micros_of(value, field.dtype)
            if found is None:
                codes[row] = _TYPE
            else:
                array[row] = found
    array[missing] = math.nan
    array[codes == _TYPE] = 0.0
    return array, missing, codes


def _texts(column: Sequence[Any] | Array, field: Field) -> tuple[Array, npt.NDArray[np.bool_], Codes]:
    del field
    codes = np.zeros(len(column), dtype=np.uint8)
    array: Array = np.empty(len(column), dtype=np.object_)
    missing = np.zeros(len(column), dtype=np.bool_)
    if all(type(value) is str for value in column) and is_text("".join(column)):
        array[:] = column
        return array, missing, codes
    for row, value in enumerate(column):
        if isinstance(value, str) and is_text(value):
            array[row] = str(value)
        else:
            array[row] = ""
            if is_missing(value):
                missing[row] = True
            else:
                codes[row] = _TYPE
    return array, missing, codes


def is_text(value: str) -> bool:
    """No NUL, which ends a text in C and so in browsers, and no half of a surrogate pair, which UTF-8 cannot say."""
    if "\0" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check(field: Field, array: Array, missing: npt.NDArray[np.bool_], codes: Codes) -> None:
    if field.missing == "refused":
        codes[missing & (codes == _OK)] = _MISSING
    present = ~missing & (codes == _OK)
    permitted = field.limits("range")
    if permitted is not None:
        low, high = permitted
        outside = (array < (-math.inf if low is None else low)) | (array > (math.inf if high is None else high))
        codes[present & outside] = _RANGE
        present &= ~outside
    if field.categories is not None and field.unknown == "refused":
        known = set(field.categories)
        if field.dtype == "float32":
            known |= {float(np.float32(value)) for value in known}
        if field.dtype == "string":
            inside = np.fromiter((value in known for value in array), dtype=np.bool_, count=len(array))
        else:
            inside = np.isin(array, np.array(sorted(float(value) for value in known)))
        codes[present & ~inside] = _CATEGORY


def _problem(row: int, field: Field, code: int, value: object) -> Problem:
    text = quoted(value)
    if code == _MISSING:
        message = f'"{field.name}" is missing, and the model cannot do without it.'
    elif code == _TYPE:
        needed = f"a date as {field.date_format}" if field.date_format else _NEEDED[field.dtype]
        message = f'"{field.name}" is {text}, but must be {needed}.'
        if isinstance(value, Unreadable) and "," in value.text and not field.is_time:
            message += " Decimals are written with a point."
        if field.is_time:
            message += hint(value.text if isinstance(value, Unreadable) else value)
    elif code == _RANGE:
        low, high = field.range or (None, None)
        bounds = [f"at least {shown(low)}"] * (low is not None) + [f"at most {shown(high)}"] * (high is not None)
        message = (
            f'"{field.name}" is {text}, but must be {" and ".join(bounds)}{" " + field.units if field.units else ""}.'
        )
    else:
        known = [shown(category) for category in field.categories or ()]
        listed = ", ".join(known[:8]) + (f" and {len(known) - 8} more" if len(known) > 8 else "")
        message = f'"{field.name}" is {text}, which the model does not know. It knows: {listed}.'
    return Problem(row, field.name, _CODES[code], message)


def quoted(value: object) -> str:
    """A value as messages show it."""
    if isinstance(value, Unreadable):
        value = value.text
    if isinstance(value, str):
        return f"the text {value!r:.60}"
    plain = value.item() if isinstance(value, np.generic) else value
    return (plain.isoformat() if isinstance(plain, datetime.date) else shown(plain))[:60]
