"""Which rows of records belong to a subject: those in which a field has a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import CellReader, Unreadable
from sealift.errors import ServeError
from sealift.serve.records.personal import Key, canonical
from sealift.serve.records.pieces import read_payload
from sealift.serve.records.record import Record, encode_parts
from sealift.serve.records.table import PERSONAL, RecordTable


class RecordMatch:
    """The rows in which a field has a value.

    Args:
        table: the columns of a model.
        field: an input of the model.
        text: the value as in a CSV file.
        key: the key of personal fields, if there is one.

    Attributes:
        unsearchable: the number of rows so far whose value is masked, or hashed or encrypted where there is no key.

    Raises:
        ServeError: E724 when the model has no such input, or the text is not a value of it.
    """

    def __init__(self, table: RecordTable, field: str, text: str, key: Key | None) -> None:
        self.unsearchable = 0
        self._key = key
        self._table = table
        position = table.contract.index.get(field)
        if position is None:
            known = ", ".join(table.input_columns)
            raise _unsearchable(
                f"The model {table.model.name!r:.80} has no input {field!r:.80}", f"Use one of: {known:.300}."
            )
        spec = table.contract.inputs[position]
        value = CellReader.of(spec).cell(text)
        encoded = spec.type.encode([value])
        if isinstance(value, Unreadable) or value is None or encoded.codes[0]:
            raise _unsearchable(
                f'"{field}" must be {spec.type.needs(spec.date_format)}, got {text!r:.60}', "Correct it."
            )
        array = encoded.array
        self._wanted: Any
        if spec.type.feeds:
            raw = array[0] if isinstance(array[0], str) else float(array[0])
            self._wanted = raw if isinstance(raw, str) else spec.type.value_of(raw)
            self._bytes = canonical(raw)
        else:
            self._wanted, self._bytes = array[0].tolist(), array[0].tobytes()
        self._hash = key.hashed(field, self._bytes).hex() if key is not None else None
        names = [column.name for column in table.columns]
        self._at = names.index(table.input_columns[field])
        self._hash_at = names.index(table.hash_columns[field]) if spec.personal else None
        self._mode_at = names.index(PERSONAL) if spec.personal else None

    def rows(self, columns: Sequence[Sequence[Any]]) -> npt.NDArray[np.bool_]:
        """For rows of the table's columns whether each is one of them, bool (N,)."""
        matching = np.array([value == self._wanted for value in columns[self._at]], dtype=np.bool_)
        if self._hash_at is None or self._mode_at is None:
            return matching
        hashes = columns[self._hash_at]
        if self._hash is not None:
            matching |= np.array([each == self._hash for each in hashes], dtype=np.bool_)
        for mode in columns[self._mode_at]:
            # Masked values are nowhere; the others need the key.
            self.unsearchable += mode == "mask" or (mode is not None and self._key is None)
        return matching

    def without(self, record: Record) -> Record | None:
        """A record without its rows of the subject: the same where it has none, None where no row is left."""
        matching = self.rows(self._table.of([record]))
        if not matching.any():
            return record
        if matching.all():
            return None
        mode, parts = read_payload(record)
        kept, first = [], 0
        for part in parts:
            stay = ~matching[first : first + len(part.good)]
            first += len(part.good)
            numbers = np.cumsum(stay)
            answered = stay[part.good]
            kept.append(
                part._replace(
                    good=part.good[stay],
                    problems=[(int(numbers[r - 1]), f, code) for r, f, code in part.problems if stay[r - 1]],
                    tensors={name: array[stay] for name, array in part.tensors.items()},
                    outputs={name: array[answered] for name, array in part.outputs.items()},
                    personal=None
                    if part.personal is None
                    else [token for token, each in zip(part.personal, stay.tolist(), strict=True) if each],
                )
            )
        return record._replace(rows=int((~matching).sum()), payload=encode_parts(mode, kept))


def row_of(table: RecordTable, columns: Sequence[Sequence[Any]], at: int) -> Mapping[str, Any]:
    """One row as an object."""
    return {column.name: values[at] for column, values in zip(table.columns, columns, strict=True)}


def _unsearchable(what: str, fix: str) -> ServeError:
    return ServeError("E724", f"{what}.", fix=fix)
