"""Rows and answers of a receipt as values of canonical JSON, and their digests (spec/RECEIPT.md §3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sealift import canonical
from sealift.contract import Batch, Contract, Field

_EXACT = 1 << 53


class AnsweredPart(Protocol):
    """Rows that were answered together.

    Attributes:
        batch: the rows as the contract reads them.
        outputs: output name → answers of the good rows, in their order; empty where no row is good.
    """

    @property
    def batch(self) -> Batch: ...  # noqa: D102
    @property
    def outputs(self) -> Mapping[str, npt.NDArray[Any]]: ...  # noqa: D102


def input_digest(contract: Contract, parts: Sequence[AnsweredPart], salt: bytes) -> str:
    """SHA-256, in hexadecimal, of the salt followed by the canonical form of the list of all rows."""
    digest = hashlib.sha256(salt)
    before = b"["
    for part in parts:
        for row in _rows(contract, part.batch):
            digest.update(before + canonical.dumps(row))
            before = b","
    digest.update(b"]" if before == b"," else b"[]")
    return digest.hexdigest()


def output_values(contract: Contract, parts: Sequence[AnsweredPart]) -> dict[str, list[Any]]:
    """Output → an answer for each row, None for rows that were refused."""
    values: dict[str, list[Any]] = {output.name: [] for output in contract.outputs}
    for part in parts:
        good = part.batch.good.tolist()
        for name, listed in values.items():
            answers = iter(_plain(part.outputs[name])) if part.outputs else iter(())
            listed += [next(answers) if is_good else None for is_good in good]
    return values


def output_digest(values: Mapping[str, Any], salt: bytes) -> str:
    """SHA-256, in hexadecimal, of the salt followed by the canonical form of the answers."""
    return hashlib.sha256(salt + canonical.dumps(values)).hexdigest()


def answered_rows(parts: Sequence[AnsweredPart]) -> int:
    """The number of rows that have an answer."""
    return sum(int(np.count_nonzero(part.batch.good)) for part in parts)


def _rows(contract: Contract, batch: Batch) -> Iterator[list[Any] | None]:
    """The values of each row in the order of the contract's inputs; None for a row that was refused."""
    columns: list[Sequence[Any]] = [()] * len(contract.inputs)
    tensors = batch.tensors
    for spec in contract.tensors:
        if spec.stage is not None or spec.name == "text_missing":
            continue
        array = tensors[spec.name]
        for at, position in enumerate(spec.fields):
            field = contract.inputs[position]
            if field.type.feeds == "number":
                columns[position] = _numbers(field, array[:, at].tolist())
            elif field.type.feeds == "text":
                gaps = tensors["text_missing"][:, at].tolist()
                texts = array[:, at].tolist()
                columns[position] = [None if gap else text for text, gap in zip(texts, gaps, strict=True)]
            else:
                columns[position] = [_array(row) for row in array]
    for values, is_good in zip(zip(*columns, strict=True), batch.good.tolist(), strict=True):
        yield list(values) if is_good else None


def _numbers(field: Field, numbers: list[float]) -> list[Any]:
    """Numbers as doubles, so that -0 keeps its sign; booleans and dates as values of their type; None for NaN."""
    kind = field.type
    if type(kind.value_of(0.0)) in (int, float):
        return [None if number != number else number for number in numbers]  # noqa: PLR0124 -- NaN
    return [None if number != number else kind.value_of(number) for number in numbers]  # noqa: PLR0124 -- NaN


def _array(row: npt.NDArray[Any]) -> Any:
    return None if row.dtype.kind == "f" and np.isnan(row).all() else _plain(row)


def _plain(array: npt.NDArray[Any]) -> list[Any]:
    """Nested lists; integers that a double cannot represent are strings of their digits."""
    values: list[Any] = array.tolist()
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8 and array.size and _is_large(array):
        return _exact(values)
    return values


def _is_large(array: npt.NDArray[Any]) -> bool:
    return int(array.max()) > _EXACT or int(array.min()) < -_EXACT


def _exact(values: list[Any]) -> list[Any]:
    return [
        _exact(value) if isinstance(value, list) else value if int(float(value)) == value else str(value)
        for value in values
    ]
