"""The ZIP container: members to bytes in exactly one way, and back (spec/SEAL.md §1 and §2)."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sealift.errors import SealError

ALIGNMENT = 64
_MIB = 1 << 20
MAX_FILE = 1 << 40
_MAX_MODEL = (1 << 31) - 1  # the limit of a Protocol Buffers message
_MOST_BLOBS, _MOST_WEIGHTS, _MOST_ARRAYS = 4096, 1024, 1024
_DEFAULT_LIMIT = 16 * _MIB

# The members with fixed names, each with its maximum size in bytes.
LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "card.md": _DEFAULT_LIMIT,
        "contract.json": _DEFAULT_LIMIT,
        "evidence.json": _MIB,
        "golden/examples.json": _DEFAULT_LIMIT,
        "manifest.json": _MIB,
        "model.onnx": _MAX_MODEL,
        "provenance.json": _MIB,
        "reference/background.json": _DEFAULT_LIMIT,
        "reference/sketches.json": _DEFAULT_LIMIT,
        "sbom.cdx.json": _MIB,
        "signature.json": _MIB,
    }
)

BLOB, WEIGHT, ARRAY = "blobs/", "weights/", "arrays/"
"""Prefixes of members that are named by their digest: data of stages, weights of the graph, arrays of examples."""

MOST_BESIDE_MODEL = 16 * _MIB
"""The maximum total size in bytes of all members except `model.onnx`, weights and arrays."""
MOST_IN_ARRAYS = 256 * _MIB
"""The maximum total size in bytes of the members with arrays of examples."""

_FAMILIES: Mapping[str, tuple[int, int]] = {
    ARRAY: (_MOST_ARRAYS, MOST_IN_ARRAYS),
    BLOB: (_MOST_BLOBS, _DEFAULT_LIMIT),
    WEIGHT: (_MOST_WEIGHTS, MAX_FILE),
}
_BY_DIGEST = re.compile(rf"({'|'.join(_FAMILIES)})[0-9a-f]{{64}}")
_MAX_MEMBERS = len(LIMITS) + sum(most for most, _ in _FAMILIES.values())

_FAR = 0xFFFFFFFF
"""Sizes and offsets of at least this value are written in ZIP64 fields; the 32-bit field then holds `_MARK`."""
_MARK = 0xFFFFFFFF

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END64_SIGN, _LOCATOR_SIGN = b"PK\x06\x06", b"PK\x06\x07"
_VERSION, _VERSION64, _UTF8, _STORED, _TIME, _DATE = 20, 45, 0x0800, 0, 0, 0x0021
_ZIP64_ID, _PADDING_ID = 0x0001, 0x5EA1
_MOST_END = _END64.size + _LOCATOR.size + _END.size

_ORIGINAL = "Ask its publisher for the original file; nothing of this one was used."

Bytes = bytes | memoryview


@dataclass(frozen=True)
class _Entry:
    """One entry of the central directory, and the headers that follow from it."""

    name: bytes
    size: int
    crc: int
    offset: int

    @property
    def _version(self) -> int:
        return _VERSION64 if max(self.size, self.offset) >= _FAR else _VERSION

    @property
    def _common(self) -> tuple[int, ...]:
        size = self.size if self.size < _FAR else _MARK
        return (self._version, _UTF8, _STORED, _TIME, _DATE, self.crc, size, size)

    @property
    def local(self) -> bytes:
        extra = _zip64((self.size, self.size)) if self.size >= _FAR else b""
        used = self.offset + _LOCAL.size + len(self.name) + len(extra) + 4
        padding = -used % ALIGNMENT
        extra += struct.pack("<2H", _PADDING_ID, padding) + bytes(padding)
        return _LOCAL.pack(_LOCAL_SIGN, *self._common, len(self.name), len(extra)) + self.name + extra

    @property
    def central(self) -> bytes:
        far = (self.size, self.size) if self.size >= _FAR else ()
        offset = self.offset
        if offset >= _FAR:
            far, offset = (*far, offset), _MARK
        extra = _zip64(far) if far else b""
        rest = (len(self.name), len(extra), 0, 0, 0, 0, offset)
        return _CENTRAL.pack(_CENTRAL_SIGN, self._version, *self._common, *rest) + self.name + extra


def _zip64(values: tuple[int, ...]) -> bytes:
    return struct.pack(f"<2H{len(values)}Q", _ZIP64_ID, 8 * len(values), *values)


def _end(count: int, directory: int, start: int) -> bytes:
    """The bytes after the directory."""
    if start < _FAR:
        return _END.pack(_END_SIGN, 0, 0, count, count, directory, start, 0)
    record = _END64.pack(_END64_SIGN, _END64.size - 12, _VERSION64, _VERSION64, 0, 0, count, count, directory, start)
    locator = _LOCATOR.pack(_LOCATOR_SIGN, 0, start + directory, 1)
    return record + locator + _END.pack(_END_SIGN, 0, 0, count, count, directory, _MARK, 0)


def limit_of(name: str) -> int | None:
    """The maximum size in bytes of a member; None for a name that the format does not know."""
    if name in LIMITS:
        return LIMITS[name]
    return _FAMILIES[name[: name.index("/") + 1]][1] if _BY_DIGEST.fullmatch(name) else None


def pack(members: Mapping[str, Bytes]) -> Iterator[Bytes]:
    """Yield the bytes of the sealed file in pieces, so that a large model is never copied.

    Raises:
        SealError: E203 when a limit of the format is exceeded.
    """
    for name, data in members.items():
        _check_name(name)
        _check_size(repr(name), len(data), name)
    _check_sum((name, len(data)) for name, data in members.items())
    entries: list[_Entry] = []
    offset, directory_size = 0, 0
    for name in sorted(members):
        data = members[name]
        entry = _Entry(name.encode("ascii"), len(data), zlib.crc32(data), offset)
        local = entry.local
        offset += len(local) + len(data)
        directory_size += len(entry.central)
        if offset + directory_size + _MOST_END > MAX_FILE:
            raise too_much("the file would be larger than 1 TiB")
        entries.append(entry)
        yield local
        yield data
    directory = b"".join(entry.central for entry in entries)
    yield directory
    yield _end(len(entries), len(directory), offset)


def unpack(data: Bytes) -> dict[str, memoryview]:
    """The members of a sealed file as views into `data`.

    The headers are rebuilt from the names, sizes and checksums in the file, and compared with the file byte by byte. So
    every file that `pack` would not have written is refused.

    Raises:
        SealError: E201 when it is not a sealed file, E202 when it is damaged, E203 when it exceeds a limit.
    """
    if len(data) > MAX_FILE:
        raise too_much("the file is larger than 1 TiB")
    entries = _directory(data)
    view = memoryview(data)
    members: dict[str, memoryview] = {}
    offset = 0
    for entry in entries:
        if entry.offset != offset:
            raise _damaged(f"the member {_shown(entry.name)} is not at its position")
        start = offset + len(entry.local)
        offset = start + entry.size
        if offset > len(data):
            raise _damaged("it ends in the middle of a member")
        content = view[start:offset]
        if zlib.crc32(content) != entry.crc or view[entry.offset : start] != entry.local:
            raise _damaged(f"the member {_shown(entry.name)} does not match its header")
        members[entry.name.decode("ascii")] = content
    directory = b"".join(entry.central for entry in entries)
    if view[offset:] != directory + _end(len(entries), len(directory), offset):
        raise _damaged("its directory does not match its members")
    return members


def _directory(data: Bytes) -> list[_Entry]:
    """The entries of the central directory, which `unpack` compares with the rest of the file."""
    if len(data) < _END.size or data[: len(_LOCAL_SIGN)] != _LOCAL_SIGN:
        raise SealError(
            "E201",
            "This is not a sealed file.",
            fix="Give a .seal file as written by `sealift pack`.",
        )
    sign, _, _, count, _, size, start, _ = _END.unpack_from(data, len(data) - _END.size)
    if sign != _END_SIGN:
        raise _damaged("its end is missing; it may have been truncated")
    if count > _MAX_MEMBERS:
        raise too_much(f"it claims {count} members, {_MAX_MEMBERS} are allowed")
    end_size = _END.size
    if start == _MARK:
        end_size = _MOST_END
        start, size = _far_directory(data)
    if start + size + end_size != len(data):
        raise _damaged("its directory is not at the position in its end record")
    entries: list[_Entry] = []
    position = start
    for _ in range(count):
        if position + _CENTRAL.size > start + size:
            raise _damaged("its directory is truncated")
        fields = _CENTRAL.unpack_from(data, position)
        crc, length, name_length, extra_length, offset = fields[7], fields[9], fields[10], fields[11], fields[16]
        position += _CENTRAL.size
        name = bytes(data[position : position + name_length])
        position += name_length
        if _MARK in (length, offset):
            length, offset = _far(bytes(data[position : position + extra_length]), length, offset)
            position += extra_length
        shown = _shown(name)
        if entries and name <= entries[-1].name:
            raise _damaged(f"the member {shown} is a duplicate or out of order")
        _check_name(name.decode("ascii", "replace"))
        _check_size(shown, length, name.decode("ascii"))
        entries.append(_Entry(name, length, crc, offset))
    _check_sum((entry.name.decode("ascii"), entry.size) for entry in entries)
    return entries


def _far_directory(data: Bytes) -> tuple[int, int]:
    """Offset and size of the directory, from the ZIP64 end record."""
    at = len(data) - _MOST_END
    if at < 0 or bytes(data[at : at + 4]) != _END64_SIGN:
        raise _damaged("its ZIP64 end record is missing")
    fields = _END64.unpack_from(data, at)
    return fields[9], fields[8]


def _far(extra: bytes, size: int, offset: int) -> tuple[int, int]:
    """Size and offset of a member, from its ZIP64 field where there is one."""
    count = len(extra) // 8
    if len(extra) != 4 + 8 * count or not 1 <= count <= 3 or extra[:4] != struct.pack("<2H", _ZIP64_ID, 8 * count):
        return size, offset
    values = list(struct.unpack(f"<{count}Q", extra[4:]))
    if size == _MARK:
        size, values = values[0], values[2:]
    if offset == _MARK and values:
        offset = values[0]
    return size, offset


def _check_name(name: str) -> None:
    if limit_of(name) is None:
        raise SealError(
            "E202",
            f"The sealed file has a member {name!r:.80} that the format does not know.",
            fix="Ask its publisher for the original file, or install a newer Sealift; nothing of this file was used.",
        )


def _check_size(shown: str, size: int, name: str) -> None:
    limit = limit_of(name)
    if limit is not None and size > limit:
        raise too_much(f"the member {shown} has {size} bytes, {limit} are allowed")


def _check_sum(sizes: Iterable[tuple[str, int]]) -> None:
    listed = list(sizes)
    for family, (most, _) in _FAMILIES.items():
        count = sum(name.startswith(family) for name, _ in listed)
        if count > most:
            raise too_much(f"it has {count} members in {family}, {most} are allowed")
    beside = sum(size for name, size in listed if name != "model.onnx" and not name.startswith((ARRAY, WEIGHT)))
    if beside > MOST_BESIDE_MODEL:
        raise too_much(f"its members beside the model have {beside} bytes, {MOST_BESIDE_MODEL} are allowed")
    in_arrays = sum(size for name, size in listed if name.startswith(ARRAY))
    if in_arrays > MOST_IN_ARRAYS:
        raise too_much(f"its arrays of examples have {in_arrays} bytes, {MOST_IN_ARRAYS} are allowed")


def _shown(name: bytes) -> str:
    return repr(name.decode("ascii", "replace"))[:80]


def _damaged(reason: str) -> SealError:
    return SealError("E202", f"The sealed file is damaged: {reason}.", fix=_ORIGINAL)


def too_much(reason: str) -> SealError:
    """The error E203."""
    return SealError(
        "E203",
        f"The sealed file exceeds the format's limits: {reason}.",
        fix="`sealift docs spec/SEAL` lists the limits in §2.",
    )
