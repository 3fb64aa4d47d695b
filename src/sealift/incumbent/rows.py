"""The rows of a table file: as the sealed model reads and answers them, and as values of JSON for the incumbent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift import files
from sealift.batch.chunk_answers import typed_column
from sealift.batch.kinds import kind_of, open_table
from sealift.contract import Field, match_columns
from sealift.runtime import SealedModel


@dataclass
class RowBlock:
    """Consecutive rows that the sealed model answers.

    Attributes:
        numbers: the numbers of the rows in the file, from 1.
        columns: input name → their values.
        ours: output name → the answers of the sealed model.
        refused: how many rows between these the sealed model refuses, or that cannot be read.
    """

    numbers: npt.NDArray[np.intp]
    columns: dict[str, list[Any]]
    ours: dict[str, npt.NDArray[Any]]
    refused: int


def blocks(model: SealedModel, path: Path, size: int, *, ignore_extra: bool) -> Iterator[RowBlock]:
    """Read a file of rows.

    Args:
        model: the sealed model.
        path: a file as for `sealift predict`.
        size: the maximum number of rows in a block.
        ignore_extra: whether columns that are no inputs are ignored.

    Raises:
        FileError: E401 to E405. ContractError: E101 to E103 when the columns do not fit the contract.
    """
    kind = kind_of(path)
    try:
        stream = path.open("rb")
    except OSError as error:
        raise files.unreadable(path, error) from error
    with stream, closing(open_table(stream, str(path), kind)) as reader:
        match_columns(model.contract, reader.names, ignore_extra=ignore_extra)
        names = [field.name for field in model.contract.inputs]
        first = 1
        for chunk in reader.chunks(names, size):
            typed = {field.name: typed_column(chunk, field) for field in model.contract.inputs}
            batch = model.encoded(typed, first_row=0)
            sound = np.arange(chunk.count) if chunk.sound is None else chunk.sound
            good = np.flatnonzero(batch.good)
            yield RowBlock(
                first + sound[good],
                {field.name: plain_values(field, typed[field.name], good) for field in model.contract.inputs},
                model.answer(batch) if len(good) else {},
                chunk.count - len(good),
            )
            first += chunk.count


def plain_values(field: Field, values: Sequence[Any] | npt.NDArray[Any], positions: npt.NDArray[np.intp]) -> list[Any]:
    """The values at some positions, as values of JSON; a missing one is None."""
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    return [_plain(field, plain[at]) for at in positions.tolist()]


def _plain(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, float):
        if value != value:  # noqa: PLR0124 -- NaN
            return None
        return field.type.value_of(value) if field.type.feeds == "number" and field.type.is_plain else value
    return value.isoformat() if hasattr(value, "isoformat") else value
