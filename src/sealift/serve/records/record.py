"""A record of a call as bytes (MessagePack): what the store keeps in columns, and the rows and answers as one value."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sealift import canonical
from sealift.optional import need
from sealift.serve.answered import Answered
from sealift.serve.calls import Call
from sealift.serve.records.personal import FieldProtection, Mode
from sealift.serve.served import ServedModel

_packing = need("msgspec", "serve", "Recording").msgpack
FORMAT = 1
MOST_PROBLEMS = 1000
"""Problems of rows in one record."""
_MOST_TEXT = 256  # characters of what a caller sends in headers
_MODEL = b"M"
_VERSION_7, _VARIANT = 7 << 76, 2 << 62
_bits = random.getrandbits  # a child of fork has other bits than its parent


class Record(NamedTuple):
    """A record.

    Attributes:
        id: a UUID of version 7, 16 bytes, which begins with the time in milliseconds.
        model: `ModelEntry.number` of the version that answered.
        time: when the call began, in seconds since 1970.
        seconds: how long it took.
        status: the HTTP status of the response.
        error: the code of the error in the response, or an empty string.
        route: the kind of request, such as `predict`.
        caller: who sent it; empty where nobody authenticates.
        request_id: the header X-Request-ID.
        trace: the header traceparent (W3C Trace Context), or that of the call's span where it begins a trace.
        first: the number of the first row in the request, from 1; more than 1 where a request has several records.
        rows: the number of rows.
        payload: the rows and answers (`encode_rows`).
    """

    id: bytes
    model: int
    time: float
    seconds: float
    status: int
    error: str
    route: str
    caller: str
    request_id: str
    trace: str
    first: int
    rows: int
    payload: bytes


class ModelEntry(NamedTuple):
    """A version of a model, to which records refer.

    Attributes:
        number: a number from the name and the identity.
        name: the name under which it is served.
        version: its version.
        identity: the identity of the sealed file.
        contract: contract.json, without the data of stages.
    """

    number: int
    name: str
    version: str
    identity: str
    contract: str

    @classmethod
    def of(cls, served: ServedModel) -> ModelEntry:
        """The entry of a served model."""
        identity = served.identity
        digest = hashlib.sha256(f"{identity}:{served.name}".encode()).digest()
        contract = canonical.dumps(served.contract.as_json()).decode()
        return cls(int.from_bytes(digest[:7], "big"), served.name, served.version, identity, contract)


_encode = _packing.encode
_decode_record = _packing.Decoder(Record).decode
_decode_model = _packing.Decoder(ModelEntry).decode


def as_message(entry: Record | ModelEntry) -> bytes:
    """A record or a model for the ring."""
    data: bytes = _encode(entry)
    return data if isinstance(entry, Record) else _MODEL + data


def of_message(message: bytes) -> Record | ModelEntry:
    """The record or model of a message. Raises ValueError for anything else."""
    entry: Record | ModelEntry
    entry = _decode_model(message[1:]) if message.startswith(_MODEL) else _decode_record(message)
    return entry


def new_id(seconds: float) -> bytes:
    """A UUID of version 7 (RFC 9562, §5.7) for a time in seconds since 1970.

    The 12 bits behind the milliseconds are a fraction of a millisecond (§6.2, method 3), so that ids are in the order
    of the calls.
    """
    return (_time_bits(seconds) | _VARIANT | _bits(62)).to_bytes(16, "big")


def earliest_id(seconds: float) -> bytes:
    """The smallest id of a time: ids of later calls are larger."""
    return _time_bits(max(seconds, 0.0)).to_bytes(16, "big")


def _time_bits(seconds: float) -> int:
    ticks = int(seconds * 4096e3)
    return ticks >> 12 << 80 | _VERSION_7 | (ticks & 0xFFF) << 64


def record_of(call: Call, model: ModelEntry, protection: FieldProtection | None) -> Record:
    """The record of a call that has ended."""
    identifier = new_id(call.begun)
    answers = call.answered
    rows = len(answers[0].batch.good) if len(answers) == 1 else sum(len(each.batch) for each in answers)
    return _record(call, model, identifier, rows, encode_rows(answers, identifier, protection))


def one_row_message(call: Call, model: ModelEntry, payload: bytes) -> bytes:
    """The message with the record of a call with one row, as of `record_of` and `as_message`."""
    return as_message(_record(call, model, new_id(call.begun), 1, payload))


def _record(call: Call, model: ModelEntry, identifier: bytes, rows: int, payload: bytes) -> Record:
    return Record(
        identifier,
        model.number,
        call.begun,
        call.seconds,
        call.status,
        call.error,
        call.route,
        call.caller.name,
        call.headers.get("x-request-id", "")[:_MOST_TEXT],
        call.traceparent[:_MOST_TEXT],
        1,
        rows,
        payload,
    )


def encode_rows(answers: Sequence[Answered], identifier: bytes, protection: FieldProtection | None) -> bytes:
    """The rows and answers of a record.

    `[format, mode, parts]`, with the mode of personal fields, or None where there are none. A part is `[count, good,
    problems, tensors, outputs, personal]`: the number of rows; a byte for each row, 1 where it is good, or None where
    all are; `[row, field, code]` of each problem; name → array; for each row what is kept of its personal fields. An
    array is `[dtype, shape, bytes]` or, of strings, `[None, shape, strings]`.
    """
    parts = []
    for answered in answers:
        batch, personal = answered.batch, None
        tensors = batch.tensors
        if protection is not None:
            tensors, personal = protection.apply(tensors, identifier)
        good = batch.good
        count = len(good)
        problems = batch.problems
        parts.append(
            (
                count,
                good.tobytes() if problems else None,
                [(each.row, each.field, each.code) for each in problems[:MOST_PROBLEMS]] if problems else (),
                {name: _packed(array) for name, array in tensors.items()},
                {name: _packed(array) for name, array in answered.outputs.items()},
                personal,
            )
        )
    mode: Mode | None = None if protection is None else protection.mode
    data: bytes = _encode((FORMAT, mode, parts))
    return data


_NAMES: dict[np.dtype[Any], str] = {}  # `dtype.str` makes a new string in each call


def _packed(array: npt.NDArray[Any]) -> tuple[str | None, tuple[int, ...], Any]:
    dtype = array.dtype
    if dtype.hasobject:
        return None, array.shape, array.ravel().tolist()
    name = _NAMES.get(dtype)
    if name is None:
        name = _NAMES[dtype] = dtype.str
    return name, array.shape, array.tobytes()


def unpacked(array: Sequence[Any]) -> npt.NDArray[Any]:
    """An array of a record."""
    dtype, shape, data = array
    if dtype is None:
        flat: npt.NDArray[Any] = np.empty(len(data), dtype=np.object_)
        flat[:] = data
        return flat.reshape(shape)
    return np.frombuffer(data, dtype=dtype).reshape(shape)


class RecordPart(NamedTuple):
    """The rows of a record and their answers.

    Attributes:
        good: bool (N,).
        problems: row (from 1), field and code of each problem.
        tensors: name → array of N rows; personal fields are missing.
        outputs: name → answers of the good rows; empty where there are none.
        personal: for each row what is kept of its personal fields, or None.
    """

    good: npt.NDArray[np.bool_]
    problems: list[tuple[int, str, str]]
    tensors: Mapping[str, npt.NDArray[Any]]
    outputs: Mapping[str, npt.NDArray[Any]]
    personal: list[Any] | None


def decode_rows(payload: bytes) -> tuple[Mode | None, list[RecordPart]]:
    """The mode of personal fields and the parts of `encode_rows`. Raises ValueError for another format."""
    form, mode, parts = _packing.decode(payload)
    if form != FORMAT:
        raise ValueError(f"records of the format {form} are not known")
    return mode, [
        RecordPart(
            np.ones(count, dtype=np.bool_) if good is None else np.frombuffer(good, dtype=np.bool_),
            [(row, field, code) for row, field, code in problems],
            {name: unpacked(array) for name, array in tensors.items()},
            {name: unpacked(array) for name, array in outputs.items()},
            personal,
        )
        for count, good, problems, tensors, outputs, personal in parts
    ]


def encode_parts(mode: Mode | None, parts: Sequence[RecordPart]) -> bytes:
    """The inverse of `decode_rows`."""
    packed = [
        (
            len(part.good),
            None if part.good.all() else part.good.tobytes(),
            part.problems,
            {name: _packed(array) for name, array in part.tensors.items()},
            {name: _packed(array) for name, array in part.outputs.items()},
            part.personal,
        )
        for part in parts
    ]
    data: bytes = _encode((FORMAT, mode, packed))
    return data
