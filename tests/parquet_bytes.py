"""Parquet files taken apart to page headers and footer, changed, and put together again.

The Thrift reader and writer here are the tests' own, so that the reader under test is not its own oracle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

I32, I64, BINARY, LIST, SET, MAP, STRUCT = 5, 6, 8, 9, 10, 11, 12
# Field id → (type, value). A list is (type of its elements, values).
Struct: TypeAlias = dict[int, tuple[int, Any]]
TYPE, UNCOMPRESSED, COMPRESSED, DATA, DICTIONARY, DATA_V2 = 1, 2, 3, 5, 7, 8  # fields of PageHeader
VALUES = 1  # field of each header within it
ROWS, GROUPS = 3, 4  # fields of FileMetaData


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return value, at
        shift += 7


def _decode(data: bytes, at: int, kind: int, *, element: bool = False) -> tuple[Any, int]:
    if kind in (1, 2) and not element:
        return kind == 1, at
    if kind in (1, 2, 3):
        return data[at], at + 1
    if kind in (4, 5, 6):
        value, at = _varint(data, at)
        return (value >> 1) ^ -(value & 1), at
    if kind == BINARY:
        size, at = _varint(data, at)
        return data[at : at + size], at + size
    if kind in (LIST, SET):
        inner, count = data[at] & 15, data[at] >> 4
        at += 1
        if count == 15:
            count, at = _varint(data, at)
        values = []
        for _ in range(count):
            value, at = _decode(data, at, inner, element=True)
            values.append(value)
        return (inner, values), at
    assert kind == STRUCT, kind
    return decode(data, at)


def decode(data: bytes, at: int = 0) -> tuple[Struct, int]:
    """A struct of the compact protocol, and where it ends."""
    fields: Struct = {}
    number = 0
    while data[at]:
        kind, step = data[at] & 15, data[at] >> 4
        at += 1
        assert step
        number += step
        value, at = _decode(data, at, kind)
        fields[number] = kind, value
    return fields, at + 1


def varint(value: int) -> bytes:
    """An unsigned LEB128 number."""
    parts = b""
    while value > 127:
        parts += bytes([value & 127 | 128])
        value >>= 7
    return parts + bytes([value])


def _encode(kind: int, value: Any, *, element: bool = False) -> bytes:
    if isinstance(value, Raw):
        return value.data
    if kind in (1, 2, 3):
        return bytes([value]) if element or kind == 3 else b""
    if kind in (4, 5, 6):
        return varint((value << 1) ^ (value >> 63))
    if kind == BINARY:
        return varint(len(value)) + bytes(value)
    if kind in (LIST, SET):
        inner, values = value
        head = bytes([len(values) << 4 | inner]) if len(values) < 15 else bytes([0xF0 | inner]) + varint(len(values))
        return head + b"".join(_encode(inner, one, element=True) for one in values)
    return encode(value)


@dataclass(frozen=True)
class Raw:
    """Bytes in place of a value."""

    data: bytes


def encode(fields: Struct) -> bytes:
    """A struct in the compact protocol."""
    data, last = b"", 0
    for number, (kind, value) in sorted(fields.items()):
        data += bytes([(number - last) << 4 | kind]) + _encode(kind, value)
        last = number
    return data + b"\0"


@dataclass
class Page:
    """A page: its header, or other bytes in its place, and its body."""

    header: Struct | bytes
    body: bytes

    def spell(self) -> bytes:
        """The page's bytes."""
        return (self.header if isinstance(self.header, bytes) else encode(self.header)) + self.body

    def set(self, *path: int, value: Any) -> None:
        """Replace a number or struct in the header by the ids of the fields that lead to it."""
        fields: Any = self.header
        for number in path[:-1]:
            fields = fields[number][1]
        kind = fields[path[-1]][0] if path[-1] in fields else I32
        fields[path[-1]] = kind, value


@dataclass
class Parts:
    """A file taken apart.

    Attributes:
        footer: FileMetaData.
        chunks: the pages of each column chunk, group by group.
    """

    footer: Struct
    chunks: list[list[Page]] = field(default_factory=list)

    def columns(self) -> list[Struct]:
        """The ColumnMetaData of each column chunk."""
        return [column[3][1] for group in self.footer[GROUPS][1][1] for column in group[1][1][1]]


def take_apart(data: bytes) -> Parts:
    """The parts of a file; indexes and Bloom filters are left out."""
    assert data[-4:] == b"PAR1"
    size = int.from_bytes(data[-8:-4], "little")
    parts = Parts(decode(data[-8 - size : -8])[0])
    for group in parts.footer[GROUPS][1][1]:
        for column in group[1][1][1]:
            for number in (4, 5, 6, 7):
                column.pop(number, None)
    for meta in parts.columns():
        for number in (14, 15):
            meta.pop(number, None)
        at = meta[11][1] if 11 in meta else meta[9][1]
        end, pages = at + meta[7][1], []
        while at < end:
            header, at = decode(data, at)
            size = header[COMPRESSED][1]
            pages.append(Page(header, data[at : at + size]))
            at += size
        parts.chunks.append(pages)
    return parts


def put_together(parts: Parts, edit: Callable[[Struct], None] | None = None) -> bytes:
    """The file, with true offsets and sizes in the footer; `edit` may change the footer after that."""
    data = b"PAR1"
    for meta, pages in zip(parts.columns(), parts.chunks, strict=True):
        start = len(data)
        has_dictionary = 11 in meta
        for i, page in enumerate(pages):
            if i == 0 and has_dictionary:
                meta[11] = I64, len(data)
            if i == int(has_dictionary):
                meta[9] = I64, len(data)
            data += page.spell()
        meta[7] = I64, len(data) - start
    if edit:
        edit(parts.footer)
    footer = encode(parts.footer)
    return data + footer + len(footer).to_bytes(4, "little") + b"PAR1"
