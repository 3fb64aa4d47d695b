"""Values of rows from their tensors: the reverse of reading, for rows that were read before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract


def columns_of_tensors(contract: Contract, tensors: Mapping[str, npt.NDArray[Any]]) -> dict[str, list[Any]]:
    """Input name → N values, None where one is missing.

    Args:
        contract: the contract by which the rows were read.
        tensors: the tensors of N rows; a field without a tensor is missing in all rows.
    """
    count = len(next(iter(tensors.values())))
    columns: dict[str, list[Any]] = {field.name: [None] * count for field in contract.inputs}
    for spec in contract.tensors:
        array = tensors.get(spec.name)
        if array is None or spec.stage is not None or spec.name == "text_missing":
            continue
        for at, position in enumerate(spec.fields):
            field = contract.inputs[position]
            if field.type.feeds == "number":
                number = field.type.value_of
                values = [None if value != value else number(value) for value in array[:, at].tolist()]  # noqa: PLR0124 -- NaN
            elif field.type.feeds == "text":
                gaps = tensors["text_missing"][:, at].tolist()
                values = [None if gap else text for text, gap in zip(array[:, at].tolist(), gaps, strict=True)]
            else:
                values = [None if _is_gap(row) else row.tolist() for row in array]
            columns[field.name] = values
    return columns


def _is_gap(row: npt.NDArray[Any]) -> bool:
    return bool(row.dtype.kind == "f" and np.isnan(row).all())
