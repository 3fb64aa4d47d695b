"""A strict reader of the Protocol Buffers wire format, for the messages of ONNX.

Strings, tensors and lists of numbers are not copied: a field is returned as the span of its bytes. The reader is
stricter than the format: an unknown field, a repeated singular field, or a tag longer than necessary is an error, so
that all readers understand a message alike.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, TypeAlias

from sealift.seal.graph.rules import Schema

Data: TypeAlias = bytes | memoryview
Span: TypeAlias = tuple[int, int]
"""Start and end of a field's content."""
Run: TypeAlias = tuple[int, int, int]
"""Numbers in a list: start, end, and the number of bytes of the tag before each number."""

# A number has at most 64 bits: ten bytes, of which the last is 0 or 1.
_VARINT = rb"(?:[\x80-\xff]{0,8}[\x00-\x7f]|[\x80-\xff]{9}[\x00\x01])"
_MALFORMED = re.compile(rb"[\x80-\xff]{9}(?![\x00\x01])")
_ELEMENT = {"ints": _VARINT, "floats": rb"[\x00-\xff]{4}", "doubles": rb"[\x00-\xff]{8}"}
_WIDTH = {"floats": 4, "doubles": 8}


class ModelBytes:
    """The bytes of a model, and the number of fields that may still be read, which bounds the cost of reading.

    Attributes:
        data: the bytes.
        left: the number of fields.
    """

    __slots__ = ("data", "left")

    def __init__(self, data: Data, left: int) -> None:
        self.data = data
        self.left = left


class WireError(ValueError):
    """The bytes are not a valid message."""


class TooManyFieldsError(ValueError):
    """The model has too many fields."""


class RefusedFieldError(ValueError):
    """A field that a sealed graph must not have; the argument is its name or number."""


def message(source: ModelBytes, span: Span, schema: Schema) -> dict[str, Any]:
    """The fields of a message by name.

    An `int` is a number, `bytes` and messages are spans; `strings` and repeated messages are lists of spans; `ints`,
    `floats` and `doubles` are lists of runs.

    Raises:
        WireError: the bytes are malformed.
        RefusedFieldError: a field is not permitted.
        TooManyFieldsError: the model has too many fields.
    """
    fields: dict[str, Any] = {}
    data = source.data
    at, end = span
    while at < end:
        if source.left <= 0:
            raise TooManyFieldsError
        source.left -= 1
        begin = at
        tag, at = (data[at], at + 1) if data[at] < 128 else _long_tag(data, at, end)
        entry = schema.get(tag)
        if entry is None:
            raise _unexpected(tag, schema)
        name, kind, packed = entry
        if kind == "refused":
            raise RefusedFieldError(name)
        value: Any
        if tag & 7 == 2:
            size, at = (data[at], at + 1) if at < end and data[at] < 128 else varint(data, at, end)
            value = (at, at + size)
            at += size
            if at > end:
                raise WireError(f"the field {name} ends outside its message")
            if packed:
                if not _is_packed(kind, data, *value):
                    raise WireError(f"the list {name} is malformed")
                value = (*value, 0)
        elif kind == "int":
            value, at = (data[at], at + 1) if at < end and data[at] < 128 else varint(data, at, end)
            value = signed(value)
        elif kind == "float":
            value = (at, at + 4)
            at += 4
            if at > end:
                raise WireError(f"the field {name} ends outside its message")
        else:  # one match for a whole list: a forest has millions of numbers, each with its own tag
            matched = _run(kind, bytes(data[begin:at])).match(data, begin, end)
            if matched is None:
                raise WireError(f"the list {name} is malformed")
            value = (begin, matched.end(), at - begin)
            at = matched.end()
        if kind in _REPEATED or kind[-1] == "*":
            fields.setdefault(name, []).append(value)
        elif name in fields:
            raise WireError(f"the field {name} occurs twice")
        else:
            fields[name] = value
    return fields


def _long_tag(data: Data, at: int, end: int) -> tuple[int, int]:
    if at + 1 == end or not 0 < data[at + 1] < 128:
        raise WireError("a field has a malformed tag")
    return data[at] - 128 + (data[at + 1] << 7), at + 2


def varint(data: Data, at: int, end: int) -> tuple[int, int]:
    """The unsigned number at a position, and the position after it. Raises WireError."""
    value = shift = 0
    while at < end and shift < 64:
        byte = data[at]
        at += 1
        if byte < 128:
            if shift == 63 and byte > 1:
                break
            return value | byte << shift, at
        value |= (byte & 127) << shift
        shift += 7
    raise WireError("a number is malformed")


def signed(value: int) -> int:
    """The signed number with the same 64 bits."""
    return value - (1 << 64) if value >> 63 else value


def length(runs: list[Run], kind: str) -> int:
    """The number of numbers in these runs; for `ints` an upper bound, since each has at least one byte."""
    return sum((end - start) // (tag + _WIDTH.get(kind, 1)) for start, end, tag in runs)


def integers(source: ModelBytes, runs: list[Run]) -> list[int]:
    """The numbers of a short list of `ints`, each of which counts as a field.

    Raises:
        TooManyFieldsError: the model has too many fields.
    """
    values = []
    data = source.data
    for start, end, tag in runs:
        at = start
        while at < end:
            value, at = varint(data, at + tag, end)
            values.append(signed(value))
    source.left -= len(values)
    if source.left < 0:
        raise TooManyFieldsError
    return values


_REPEATED = frozenset({"strings", "ints", "floats", "doubles"})


@cache
def _run(kind: str, tag: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:%b%b)++" % (re.escape(tag), _ELEMENT[kind]))


def _is_packed(kind: str, data: Data, start: int, end: int) -> bool:
    """Whether these bytes are numbers without tags."""
    if kind in _WIDTH:
        return (end - start) % _WIDTH[kind] == 0
    # A search for a malformed number is several times faster than a match of every number.
    return start == end or (data[end - 1] < 128 and _MALFORMED.search(data, start, end) is None)


def _unexpected(tag: int, schema: Schema) -> ValueError:
    number = tag >> 3
    same = [name for other, (name, _, _) in schema.items() if other >> 3 == number]
    if same:
        return WireError(f"the field {same[0]} has another type")
    return RefusedFieldError(f"number {number}")
