"""Values of rows from their tensors: the reverse of reading, for rows that were read before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Field


def columns_of_tensors(contract: Contract, tensors: Mapping[str, npt.NDArray[Any]], count: int) -> dict[str, list[Any]]:
    """Input name → N values, None where one is missing.

    Args:
        contract: the contract by which the rows were read.
        tensors: the tensors of the rows; a field without a tensor is missing in all rows.
        count: N.
    """
    columns: dict[str, list[Any]] = {field.name: [None] * count for field in contract.inputs}
    for spec in contract.tensors:
        array = tensors.get(spec.name)
        if array is None or spec.stage is not None or spec.name == "text_missing":
            continue
        for at, position in enumerate(spec.fields):
            field = contract.inputs[position]
            if field.type.feeds == "number":
                values = [number_value(field, number) for number in array[:, at].tolist()]
            elif field.type.feeds == "text":
                gaps = tensors["text_missing"][:, at].tolist()
                values = [None if gap else text for text, gap in zip(array[:, at].tolist(), gaps, strict=True)]
            else:
                values = [array_value(row) for row in array]
            columns[field.name] = values
    return columns


def number_value(field: Field, number: float) -> Any:
    """The value of a number in the tensor of a field; None for NaN."""
    return None if number != number else field.type.value_of(number)  # noqa: PLR0124 -- NaN


def array_value(row: npt.NDArray[Any]) -> Any:
    """The value of a field with a tensor of its own, as nested lists; None where it is missing."""
    return None if row.dtype.kind == "f" and np.isnan(row).all() else row.tolist()
