"""Rows of a file or of a program, read and answered by a sealed model as a server reads and answers them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from sealift import canonical, files
from sealift.batch.job import score
from sealift.contract import Batch, columns_of
from sealift.errors import FileError
from sealift.runtime import SealedModel

_MOST_JSON = 1 << 30


@dataclass(frozen=True)
class AnsweredRows:
    """Rows and the answers of the good ones (`sealift.receipts.values.AnsweredPart`)."""

    batch: Batch
    outputs: Mapping[str, npt.NDArray[Any]]


def answered_by(model: SealedModel, rows: Any) -> list[AnsweredRows]:
    """Rows and answers.

    Args:
        model: the model.
        rows: the path of a .json file (the body of a request to `predict`) or of a table file, or rows in any form that
            `SealedModel.predict` reads.

    Raises:
        FileError: E401, E403, E404. ContractError: E101 to E105. SealError: E207, E209, E210.
    """
    if not isinstance(rows, str | Path):
        return [_answered(model, rows)]
    path = Path(rows)
    if path.suffix.lower() == ".json":
        return [_answered(model, _json(path))]
    parts: list[AnsweredRows] = []
    score(
        model,
        path,
        io.BytesIO(),
        observe=lambda batch, outputs: parts.append(AnsweredRows(batch, outputs)),
    )
    return parts


def _answered(model: SealedModel, rows: Any) -> AnsweredRows:
    batch = model.encoded(columns_of(model.contract, rows))
    return AnsweredRows(batch, model.answer(batch) if batch.good.any() else {})


def _json(path: Path) -> Any:
    try:
        return canonical.loads(files.read(path, limit=_MOST_JSON))
    except ValueError as error:
        raise FileError(
            "E404", f"The file is not valid JSON: {error}.", where=str(path), fix="Correct the file."
        ) from None
