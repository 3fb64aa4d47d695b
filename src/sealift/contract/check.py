"""Encode columns of values as the graph's tensors, and report the problems of each row (spec/CONTRACT.md §2, §5)."""

from __future__ import annotations

import datetime
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract.contract import Contract
from sealift.contract.field import Field
from sealift.contract.scalars import shown
from sealift.contract.values import (
    MISSING,
    OK,
    OUT_OF_RANGE,
    UNKNOWN_CATEGORY,
    WRONG_TYPE,
    Unreadable,
    is_missing,
    is_valid_string,
)
from sealift.errors import ContractError

Array: TypeAlias = npt.NDArray[Any]
Codes: TypeAlias = npt.NDArray[np.uint8]

_CODES = {MISSING: "R101", WRONG_TYPE: "R102", OUT_OF_RANGE: "R103", UNKNOWN_CATEGORY: "R104"}

__all__ = ["Array", "Batch", "Problem", "encode", "is_missing", "is_valid_string", "quoted"]


@dataclass(frozen=True)
class Problem:
    """A problem of one row: the row's number counted from 1, the field, the code and a message."""

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
        problems: at most one for each row and field, sorted by row and then by field.
    """

    tensors: Mapping[str, Array]
    good: npt.NDArray[np.bool_]
    problems: Sequence[Problem]

    def __len__(self) -> int:
        return len(self.good)

    def without_pictures(self) -> Batch:
        """The batch without the values that only stages read, for those who keep it."""
        kept = {name: array for name, array in self.tensors.items() if not name.startswith("field")}
        return self if len(kept) == len(self.tensors) else Batch(kept, self.good, self.problems)

    def only_good(self) -> dict[str, Array]:
        """The tensors of the good rows only."""
        if self.good.all():
            return dict(self.tensors)
        return {name: array[self.good] for name, array in self.tensors.items()}


def encode(contract: Contract, columns: Mapping[str, Sequence[Any] | Array], *, first_row: int = 1) -> Batch:
    """Check columns against the contract and encode them as the graph's tensors.

    Args:
        contract: the contract.
        columns: input name → N values, for every input of the contract.
        first_row: the number of the first row in messages.
    """
    count = len(next(iter(columns.values())))
    values: list[Array] = []
    masks: list[npt.NDArray[np.bool_]] = []
    problems: list[tuple[int, int, Problem]] = []
    good = np.ones(count, dtype=np.bool_)
    for position, field in enumerate(contract.inputs):
        column = columns[field.name]
        # `numpy.ma` is imported by the first use of `np.ma`; no column can be masked before.
        if "numpy.ma" in sys.modules and isinstance(column, np.ma.MaskedArray):
            # .astype would read the values under the mask.
            masked = np.ma.getmaskarray(column)
            column = np.asarray(column.data, dtype=np.object_).copy()
            column[masked] = None
        array, missing, codes = field.type.encode(column)
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
            continue  # computed when the graph is run
        if not contract.inputs[tensor.fields[0]].type.feeds:
            tensors[tensor.name] = values[tensor.fields[0]]
            continue
        source = masks if tensor.name == "text_missing" else values
        dtype = {"float64": np.float64, "string": np.object_, "bool": np.bool_}[tensor.dtype]
        matrix: Array = np.empty((count, len(tensor.fields)), dtype=dtype)
        for target, position in enumerate(tensor.fields):
            matrix[:, target] = source[position]
        tensors[tensor.name] = matrix
    for position, field in enumerate(contract.inputs):
        if field.type.feeds == "stage":
            tensors[f"field{position}"] = values[position]
    problems.sort(key=lambda item: item[:2])
    return Batch(tensors, good, [problem for _, _, problem in problems])


def _check(field: Field, array: Array, missing: npt.NDArray[np.bool_], codes: Codes) -> None:
    if field.missing == "refused":
        codes[missing & (codes == OK)] = MISSING
    present = ~missing & (codes == OK)
    permitted = field.limits("range")
    if permitted is not None:
        low, high = permitted
        outside = (array < (-math.inf if low is None else low)) | (array > (math.inf if high is None else high))
        codes[present & outside] = OUT_OF_RANGE
        present &= ~outside
    if field.categories is not None and field.unknown == "refused":
        known = field.type.known(field.categories)
        if array.dtype == np.object_:
            inside = np.fromiter((value in known for value in array), dtype=np.bool_, count=len(array))
        else:
            inside = np.isin(array, np.array(sorted(known)))
        codes[present & ~inside] = UNKNOWN_CATEGORY


def _problem(row: int, field: Field, code: int, value: object) -> Problem:
    given = quoted(value)
    if code == MISSING:
        message = f'"{field.name}" is required but missing.'
    elif code == WRONG_TYPE:
        needed = field.type.needs(field.date_format)
        message = f'"{field.name}" is {given}, but must be {needed}.{field.type.hint(value)}'
    elif code == OUT_OF_RANGE:
        low, high = field.range or (None, None)
        bounds = [f"at least {shown(low)}"] * (low is not None) + [f"at most {shown(high)}"] * (high is not None)
        message = (
            f'"{field.name}" is {given}, but must be {" and ".join(bounds)}{" " + field.units if field.units else ""}.'
        )
    else:
        known = [shown(category) for category in field.categories or ()]
        listed = ", ".join(known[:8]) + (f" and {len(known) - 8} more" if len(known) > 8 else "")
        message = f'"{field.name}" is {given}, which the model does not know. It knows: {listed}.'
    return Problem(row, field.name, _CODES[code], message)


def quoted(value: object) -> str:
    """A value as messages show it."""
    if isinstance(value, Unreadable):
        value = value.text
    if isinstance(value, str):
        return f"the text {str(value)!r:.60}"  # NumPy shows its own strings with their type
    plain = value.item() if isinstance(value, np.generic) else value
    return (plain.isoformat() if isinstance(plain, datetime.date) else shown(plain))[:60]
