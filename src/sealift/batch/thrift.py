"""A strict reader of Thrift's compact protocol, the format of Parquet's footer and page headers.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
MAX_DEPTH = 16  # nesting of structs and containers; Parquet needs 7

_BITS = {I16: 16, I32: 32, I64: 64}
_MEMORY = {STRUCT: 96, BINARY: 32}  # the least bytes that readers in C++ allocate for an element; 8 for other types

# Integers and structs by field id and type, so that a field of an unexpected type counts as missing.
Fields: TypeAlias = Mapping[tuple[int, int], "int | Fields"]


class ThriftError(ValueError):
    """The bytes are not valid in the compact protocol."""


class TruncatedError(ThriftError):
    """The bytes end within a value."""

    def __init__(self) -> None:
        super().__init__("a Thrift structure is truncated")


class CompactReader:
    """Reads `data`; `at` is the position. Each iteration consumes at least one byte, so that time is linear."""

    def __init__(self, data: bytes, memory: int = 256 << 20) -> None:
        """`memory` limits the bytes that a reader in C++ allocates for lists when it has read their lengths."""
        self.data = data
        self.at = 0
        self._memory = memory

    def byte(self) -> int:
        """The next byte."""
        try:
            value = self.data[self.at]
        except IndexError:
            raise TruncatedError from None
        self.at += 1
        return value

    def varint(self) -> int:
        """An unsigned LEB128 number of at most 64 bits in at most 10 bytes."""
        value = shift = 0
        while True:
            part = self.byte()
            value |= (part & 0x7F) << shift
            if part < 0x80:
                break
            shift += 7
            if shift > 63:
                raise ThriftError("a Thrift number has more than 10 bytes")
        if value >> 64:
            raise ThriftError("a Thrift number has more than 64 bits")
        return value

    def integer(self, kind: int) -> int:
        """A signed number of the type I16, I32 or I64."""
        value = self.varint()
        if value >> _BITS[kind]:
            raise ThriftError(f"a Thrift number has more than {_BITS[kind]} bits")
        return (value >> 1) ^ -(value & 1)

    def fields(self, depth: int) -> Iterator[tuple[int, int]]:
        """Id and type of each field of a struct; the caller reads or skips the value before the next one."""
        if depth > MAX_DEPTH:
            raise ThriftError(f"Thrift structures are nested more than {MAX_DEPTH} deep")
        field, seen = 0, set()
        while head := self.byte():
            kind = head & 15
            field = field + (head >> 4) if head >> 4 else self.integer(I16)
            if field in seen:
                raise ThriftError("a Thrift structure has a field twice")
            seen.add(field)
            yield field, kind

    def elements(self) -> tuple[int, int]:
        """Type and count of a list or set; the caller reads or skips that many values."""
        head = self.byte()
        kind, count = head & 15, head >> 4
        if count == 15:
            count = self.varint()
        self._need(count)
        self.claim(count * _MEMORY.get(kind, 8))
        return kind, count

    def claim(self, size: int) -> None:
        """Count bytes that a reader in C++ allocates."""
        self._memory -= size
        if self._memory < 0:
            raise ThriftError("its lists would take too much memory")

    def struct(self, depth: int = 1) -> Fields:
        """The integers, booleans and structs of a struct; strings and containers are checked and skipped."""
        values: dict[tuple[int, int], int | Fields] = {}
        for field, kind in self.fields(depth):
            if kind in _BITS:
                values[field, kind] = self.integer(kind)
            elif kind == STRUCT:
                values[field, kind] = self.struct(depth + 1)
            elif kind in (TRUE, FALSE):
                values[field, TRUE] = kind == TRUE
            else:
                self.skip(kind, depth)
        return values

    def skip(self, kind: int, depth: int, *, element: bool = False) -> None:
        """Skip a value. `element` means an element of a container, where a boolean takes a byte."""
        if kind in _BITS:
            self.varint()
        elif kind == BINARY:
            self._pass(self.varint())
        elif kind == STRUCT:
            for _, inner in self.fields(depth + 1):
                self.skip(inner, depth + 1)
        elif kind in (TRUE, FALSE):
            self._pass(int(element))
        elif kind == BYTE:
            self._pass(1)
        elif kind == DOUBLE:
            self._pass(8)
        elif kind in (LIST, SET, MAP):
            self._skip_container(kind, depth + 1)
        else:
            raise ThriftError(f"Thrift has no type {kind}")

    def _skip_container(self, kind: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ThriftError(f"Thrift structures are nested more than {MAX_DEPTH} deep")
        if kind == MAP:
            count = self.varint()
            types: tuple[int, ...] = divmod(self.byte(), 16) if count else ()
            self._need(2 * count)
        else:
            one, count = self.elements()
            types = (one,)
        for _ in range(count):
            for inner in types:
                self.skip(inner, depth, element=True)

    def _need(self, count: int) -> None:
        # Each element takes at least one byte, so a length beyond the data is detected before any loop.
        if count > len(self.data) - self.at:
            raise TruncatedError

    def _pass(self, count: int) -> None:
        self._need(count)
        self.at += count
