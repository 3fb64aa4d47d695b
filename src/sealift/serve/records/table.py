"""Records as a table: a row for each row of a call, with columns by the names of the contract."""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import numpy as np

from sealift.batch.chunks import OutputColumn
from sealift.contract import Contract, Field
from sealift.contract.outputs import output_kind
from sealift.serve.decoded import array_value, columns_of_tensors, number_value
from sealift.serve.records.personal import MODES, Key, Mode, personal_names
from sealift.serve.records.pieces import form_of, joined, pieces_of
from sealift.serve.records.record import ModelEntry, Record, RecordPart, unpacked

_ABOUT = (
    *(("record_id", "string"), ("record_time", "any"), ("record_seconds", "float64"), ("record_status", "int64")),
    *(("record_error", "string"), ("record_route", "string"), ("record_caller", "string")),
    *(("record_request_id", "string"), ("record_trace", "string"), ("record_row", "int64")),
)
_PROBLEMS = "record_problems"
PERSONAL = "record_personal"
"""What was done with the personal fields of a row: `mask`, `hash`, or their encrypted values in hexadecimal."""


_UNREADABLE = "R102"


class RecordTable:
    """The columns of the records of one version of a model.

    Attributes:
        model: the model.
        contract: its contract; text stages are left out.
        input_columns: input → the name of its column.
        hash_columns: personal input → the name of the column with its hash.
        columns: what is known of the call, the inputs, the outputs, and the problems of the row. An input has the name
            `input_<name>` where another column has its name. For contracts with personal fields there follow a column
            with the hash of each, and `PERSONAL`.
    """

    def __init__(self, model: ModelEntry, key: Key | None = None) -> None:
        self.model = model
        self.contract = contract_of(model)
        self._key = key
        self._personal = personal_names(self.contract)
        answers = [
            OutputColumn(column.name, cast("Any", column.dtype))
            for output in self.contract.outputs
            for column in output_kind(output).columns(output)
        ]
        about = [OutputColumn(name, cast("Any", dtype)) for name, dtype in _ABOUT]
        last = [OutputColumn(_PROBLEMS, "string")]
        taken = {column.name for column in [*about, *answers, *last]} | {PERSONAL}
        self.hash_columns: dict[str, str] = {}

        def free(name: str) -> str:
            while name in taken:
                name = f"input_{name}"
            taken.add(name)
            return name

        inputs = [OutputColumn(free(field.name), _dtype(field)) for field in self.contract.inputs]
        if self._personal:
            hashes = [OutputColumn(free(f"{name}_hash"), "string") for name in self._personal]
            self.hash_columns = {name: column.name for name, column in zip(self._personal, hashes, strict=True)}
            last += [*hashes, OutputColumn(PERSONAL, "string")]
        self.input_columns = {
            field.name: column.name for field, column in zip(self.contract.inputs, inputs, strict=True)
        }
        self.columns = [*about, *inputs, *answers, *last]

    def of(self, records: Iterable[Record]) -> list[list[Any]]:
        """The values of the columns. A call without rows has one row, without inputs and outputs.

        Raises:
            ServeError: E721 for a record that cannot be read, E723 where the key is not that of the records.
        """
        columns: list[list[Any]] = [[] for _ in self.columns]
        # Records of the same form are decoded at once, which takes a third of the time for calls of one row.
        for _, group in itertools.groupby(pieces_of(records), form_of):
            pieces = list(group)
            part = joined([piece.part for piece in pieces])
            counts = [len(piece.part.good) or 1 for piece in pieces]
            about = zip(*(_about(piece.record) for piece in pieces), strict=True)
            if not len(part.good):
                values = [*map(list, about), *([None] * len(pieces) for _ in columns[len(_ABOUT) - 1 :])]
            else:
                values = [
                    *(_repeated(column, counts) for column in about),
                    [row for piece, count in zip(pieces, counts, strict=True) for row in _numbers(piece.first, count)],
                    *self._inputs(part),
                    *self._outputs(part),
                    _problems(part),
                    *self._kept(pieces[0].mode, part),
                ]
            for column, some in zip(columns, values, strict=True):
                column.extend(some)
        return self.decrypted(columns)

    def decrypted(self, columns: list[list[Any]]) -> list[list[Any]]:
        """Values of the columns with encrypted values of personal fields in clear, where there is a key.

        Raises:
            ServeError: E723 for another key.
        """
        if self._key is None or not self._personal:
            return columns
        names = [column.name for column in self.columns]
        result = [list(values) for values in columns]
        for at, token in enumerate(columns[names.index(PERSONAL)]):
            if token not in (None, *MODES):
                values = self._key.decrypt(bytes.fromhex(token), UUID(columns[0][at]).bytes)
                for name, value in zip(self._personal, values, strict=True):
                    field = self.contract.inputs[self.contract.index[name]]
                    result[names.index(self.input_columns[name])][at] = _clear(field, value)
        return result

    def _inputs(self, part: RecordPart) -> list[list[Any]]:
        values = columns_of_tensors(self.contract, part.tensors, len(part.good))
        for row, name, code in part.problems:
            if code == _UNREADABLE and name in values:
                values[name][row - 1] = None  # the tensor has a placeholder
        return list(values.values())

    def _outputs(self, part: RecordPart) -> list[list[Any]]:
        where = np.flatnonzero(part.good).tolist()
        columns: list[list[Any]] = []
        for output in self.contract.outputs:
            kind = output_kind(output)
            answers = part.outputs.get(output.name)
            if answers is None:
                columns += [[None] * len(part.good) for _ in kind.columns(output)]
                continue
            for values in kind.split(output, answers):
                spread: list[Any] = [None] * len(part.good)
                plain = values.tolist() if isinstance(values, np.ndarray) else values
                for at, value in zip(where, plain, strict=True):
                    spread[at] = value
                columns.append(spread)
        return columns

    def _kept(self, mode: Mode | None, part: RecordPart) -> list[list[Any]]:
        if not self._personal:
            return []
        nothing: list[Any] = [None] * len(part.good)
        tokens = part.personal
        if tokens is None:
            return [*([nothing] * len(self._personal)), [mode] * len(part.good)]
        if mode == "hash":
            by_field = zip(*tokens, strict=True)
            hashes = [[None if token is None else token.hex() for token in column] for column in by_field]
            return [*hashes, [mode] * len(part.good)]
        return [*([nothing] * len(self._personal)), [token.hex() for token in tokens]]


def _repeated(values: Sequence[Any], counts: Sequence[int]) -> list[Any]:
    return [value for value, count in zip(values, counts, strict=True) for _ in range(count)]


def _numbers(first: int, count: int) -> range:
    return range(first, first + count)


def contract_of(model: ModelEntry) -> Contract:
    """The contract of a model, without its text stages, whose data a store does not have."""
    raw: Mapping[str, Any] = json.loads(model.contract)
    kept = {key: value for key, value in raw.items() if key not in ("stages", "requires")}
    kept["tensors"] = [tensor for tensor in raw["tensors"] if "stage" not in tensor]
    return Contract.from_json(kept)


def _about(record: Record) -> list[Any]:
    return [
        str(UUID(bytes=record.id)),
        datetime.datetime.fromtimestamp(record.time, datetime.UTC),
        record.seconds,
        record.status,
        record.error,
        record.route,
        record.caller,
        record.request_id,
        record.trace,
    ]


def _problems(part: RecordPart) -> list[str]:
    texts = [""] * len(part.good)
    for row, field, code in part.problems:
        text = f"[{code}] {field}"
        texts[row - 1] = f"{texts[row - 1]} {text}" if texts[row - 1] else text
    return texts


def _dtype(field: Field) -> Any:
    if field.type.feeds == "text":
        return "string"
    if not field.type.feeds:
        return "any"
    value = field.type.value_of(0.0)
    kinds: Sequence[tuple[type, str]] = ((bool, "bool"), (int, "int64"), (float, "float64"), (str, "string"))
    return next(dtype for kind, dtype in kinds if isinstance(value, kind))


def _clear(field: Field, value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return array_value(unpacked(value)) if isinstance(value, list) else number_value(field, value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
