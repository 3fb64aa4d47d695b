"""Requests with a single row as JSON: a reader and a writer made for one contract.

The general path parses any JSON, reports every problem and serves all forms of rows. An object with all fields and
usual values is read here by a decoder with the types of the contract (`typed_json`). Both give the same bytes; tests
compare them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from sealift.contract import Batch, Contract, RowReader
from sealift.optional import need
from sealift.serve.answered import ONE, Answered, Joined
from sealift.serve.joining import Tensors, concatenated
from sealift.serve.typed_json import TypedRow
from sealift.serve.values import envelope, rows_writer

if TYPE_CHECKING:
    from sealift.runtime import SealedModel


class SingleRow:
    """Answers requests of one row. Threads may share it."""

    def __init__(
        self,
        row: TypedRow,
        tensors: Callable[[tuple[Any, ...]], Tensors | None],
        run: Callable[[Tensors], Tensors],
        write: Callable[[Tensors], list[bytes]],
    ) -> None:
        self._row = row.read
        self._tensors, self._run, self._write = tensors, run, write

    @classmethod
    def of(cls, name: str, model: SealedModel) -> SingleRow | None:
        """The reader for a model; None where a value type or a stage has no typed form in JSON, or has notes."""
        row = None if model.stages.notes else TypedRow.of(model)
        if row is None:
            return None
        outputs = [output.name for output in model.contract.outputs]
        engine = model.engine
        return cls(row, _reader(model.reader), lambda tensors: engine.run(tensors, outputs), _writer(name, model))

    def read(self, body: bytes) -> Tensors | None:
        """The tensors of a row; None where the general path has to answer."""
        values = self._row(body)
        return None if values is None else self._tensors(values)

    def answer(self, tensors: Tensors) -> tuple[Answered, bytes]:
        """The answer to a row that was read, and the body of the response. Raises SealError E207, E209, E210."""
        begun = perf_counter()
        outputs = self._run(tensors)
        answered = Answered(Batch(tensors, ONE, ()), outputs, (begun, perf_counter()))
        return answered, self._write(outputs)[0]

    def answer_joined(self, rows: Sequence[Tensors]) -> tuple[Joined, list[bytes]]:
        """The answers to several rows, which are computed at once, and the body of each response.

        Raises:
            SealError: E207, E209, E210 for one of the rows or for all.
        """
        tensors = concatenated(rows)
        begun = perf_counter()
        outputs = self._run(tensors)
        joined = Joined(tensors, outputs, (begun, perf_counter()))
        return joined, self._write(outputs)


def _reader(reader: RowReader) -> Callable[[tuple[Any, ...]], Tensors | None]:
    """A function that reads the decoded values of a row; None where one of them may have a problem."""
    if not reader.any_numbers:
        return lambda values: reader.one((values,))
    count = len(reader.contract.inputs)
    pack = struct.Struct(f"{count}d").pack
    shape = (1, count)

    def read(values: tuple[Any, ...]) -> Tensors:
        try:
            packed = pack(*values)
        except struct.error:  # a value is missing
            packed = pack(*[math.nan if value is None else value for value in values])
        return {"number": np.ndarray(shape, np.float64, packed)}

    return read


def _writer(name: str, model: SealedModel) -> Callable[[Tensors], list[bytes]]:
    """A function that writes the response for each of the answers."""
    encode = need("msgspec", "serve", "The server").json.encode
    contract: Contract = model.contract
    empty = encode(envelope(name, model, [], []))
    start, _, end = empty.partition(b'"answers":[]')
    start, end = start + b'"answers":[', b"]" + end
    rows_of = rows_writer(contract)
    return lambda outputs: [start + encode(row) + end for row in rows_of(outputs)]
