"""Requests with a single row as JSON: a reader and a writer made for one contract.

The general path parses any JSON, reports every problem and serves all forms of rows. An object with all fields and
usual values is read here by a decoder with the types of the contract. Whatever it does not accept, or might read
differently (a duplicate key, an escape, -0, an integer beyond 2⁵³), is left to the general path, so that only that path
decides what is wrong. Both give the same bytes; tests compare them.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Batch, Contract, Field, RowReader
from sealift.optional import need
from sealift.serve.answered import ONE, Answered, Joined
from sealift.serve.values import envelope, rows_writer

if TYPE_CHECKING:
    from sealift.runtime import SealedModel

_EXACT = float(1 << 53)
_MINUS_ZERO = re.compile(rb"-0(?![.eE0-9])")
Tensors = Mapping[str, npt.NDArray[Any]]


class SingleRow:
    """Answers requests of one row. Threads may share it."""

    def __init__(
        self,
        names: int,
        decode: Callable[[bytes], Any],
        values: Callable[[Any], tuple[Any, ...]],
        tensors: Callable[[tuple[Any, ...]], Tensors | None],
        run: Callable[[Tensors], Tensors],
        write: Callable[[Tensors], list[bytes]],
    ) -> None:
        self._names, self._decode, self._values = names, decode, values
        self._tensors, self._run, self._write = tensors, run, write

    @classmethod
    def of(cls, name: str, model: SealedModel) -> SingleRow | None:
        """The reader for a model; None where a value type or a stage has no typed form in JSON."""
        contract = model.contract
        kinds = [_kind(field) for field in contract.inputs]
        if model.stages.refuses or any(kind is None for kind in kinds):
            return None
        msgspec = need("msgspec", "serve", "The server")
        keys = [f"f{i}" for i in range(len(kinds))]
        row = msgspec.defstruct(
            "Row",
            [
                (key, kind | None if field.missing == "allowed" else kind)
                for key, kind, field in zip(keys, kinds, contract.inputs, strict=True)
            ],
            rename=dict(zip(keys, (field.name for field in contract.inputs), strict=True)),
            forbid_unknown_fields=True,
            kw_only=True,
            gc=False,
        )
        outputs = [output.name for output in contract.outputs]
        engine = model.engine

        return cls(
            len(keys),
            msgspec.json.Decoder(row).decode,
            msgspec.structs.astuple,
            _reader(model.reader),
            lambda tensors: engine.run(tensors, outputs),
            _writer(name, model),
        )

    def read(self, body: bytes) -> Tensors | None:
        """The tensors of a row; None where the general path has to answer."""
        # With all fields present, a key appears twice where there are more keys than fields. Without backslashes, the
        # bytes of a key's end are in no string.
        if b"\\" in body or body.count(b'":') != self._names:
            return None
        try:
            decoded = self._decode(body)
        except Exception:  # the general path finds out what is wrong
            return None
        values = self._values(decoded)
        if 0.0 in values and _MINUS_ZERO.search(body):  # the decoder reads the integer -0 as 0.0
            return None
        return self._tensors(values)

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
        tensors = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
        begun = perf_counter()
        outputs = self._run(tensors)
        joined = Joined(tensors, outputs, (begun, perf_counter()))
        return joined, self._write(outputs)


def _kind(field: Field) -> Any:
    """The type of a field's values in JSON for the decoder; None where it has none."""
    msgspec = need("msgspec", "serve", "The server")
    # Integers beyond 2⁵³ may not be exact as doubles.
    number = Annotated[float, msgspec.Meta(gt=-_EXACT, lt=_EXACT)]
    of_numbers = {"number": number, "integer": number, "boolean": bool, "string": str}
    by_tensor: Mapping[str, Mapping[str, Any]] = {"number": of_numbers, "text": {"string": str}}
    schema = field.type.json_schema(-_EXACT, _EXACT, None)
    return by_tensor.get(field.type.feeds, {}).get(schema.get("type", ""))


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
