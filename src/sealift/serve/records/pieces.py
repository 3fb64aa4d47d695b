"""Parts of records that have the same form, joined so that many calls of one row are decoded at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from sealift.errors import ServeError
from sealift.serve.records.personal import Mode
from sealift.serve.records.record import Record, RecordPart, decode_rows


class Piece(NamedTuple):
    """A part of a record, whose first row has the number `first`."""

    record: Record
    mode: Mode | None
    part: RecordPart
    first: int


def pieces_of(records: Iterable[Record]) -> Iterator[Piece]:
    """The parts of records that have rows; one without rows for a record that has none."""
    for record in records:
        mode, parts = read_payload(record)
        first = record.first
        some = [part for part in parts if len(part.good)]
        for part in some or [RecordPart(np.zeros(0, dtype=np.bool_), [], {}, {}, None)]:
            yield Piece(record, mode, part, first)
            first += len(part.good)


def form_of(piece: Piece) -> tuple[Any, ...]:
    """What pieces have in common that can be joined."""
    arrays = [(name, array.shape[1:], array.dtype) for name, array in piece.part.tensors.items()]
    return piece.mode, bool(len(piece.part.good)), arrays


def joined(parts: Sequence[RecordPart]) -> RecordPart:
    """The rows of all parts, which have the same form."""
    if len(parts) == 1:
        return parts[0]
    problems: list[tuple[int, str, str]] = []
    start = 0
    for part in parts:
        problems += [(row + start, field, code) for row, field, code in part.problems]
        start += len(part.good)
    answered = [part.outputs for part in parts if part.outputs]
    return RecordPart(
        np.concatenate([part.good for part in parts]),
        problems,
        {name: np.concatenate([part.tensors[name] for part in parts]) for name in parts[0].tensors},
        {name: np.concatenate([outputs[name] for outputs in answered]) for name in (answered[0] if answered else ())},
        None if parts[0].personal is None else [token for part in parts for token in part.personal or ()],
    )


def read_payload(record: Record) -> tuple[Mode | None, list[RecordPart]]:
    """The rows and answers of a record. Raises ServeError E721."""
    try:
        return decode_rows(record.payload)
    except (ValueError, TypeError, KeyError) as error:
        raise ServeError(
            "E721",
            f"A record cannot be read: {error}.",
            where=str(UUID(bytes=record.id)),
            fix="Use this or a newer version of Sealift.",
        ) from None
