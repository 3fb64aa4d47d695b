"""The container: members to bytes in exactly one way, and back (spec/SEAL.md §1 and §2)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sealift.errors import SealError

ALIGNMENT = 64
_MIB = 1 << 20
_MAX_FILE = (1 << 31) - 1
_MAX_MEMBERS = 16
_DEFAULT_LIMIT = 16 * _MIB

# The closed set of members, each with the most bytes it may have.
LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "card.md": _DEFAULT_LIMIT,
        "contract.json": _DEFAULT_LIMIT,
        "evidence.json": _DEFAULT_LIMIT,
        "golden/examples.json": _DEFAULT_LIMIT,
        "manifest.json": _MIB,
        "model.onnx": _MAX_FILE,
        "provenance.json": _DEFAULT_LIMIT,
        "reference/background.json": _DEFAULT_LIMIT,
        "reference/sketches.json": _DEFAULT_LIMIT,
        "sbom.cdx.json": _DEFAULT_LIMIT,
        "signature.json": _MIB,
    }
)

_LOCAL = struct.Struct("<4s5H3I2H")
MOST_BESIDE_MODEL = 16 * _MIB
"""The most bytes of all members but `model.onnx` together."""

_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION, _UTF8, _STORED, _TIME, _DATE = 20, 0x0800, 0, 0, 0x0021
_PADDING_ID = 0x5EA1

_ORIGINAL = "Ask its publisher for the original file; nothing of this one was used."

Bytes = bytes | memoryview


@dataclass(frozen=True)
class _Entry:
    """One row of the central directory, and what its headers must therefore be."""

    name: bytes
    size: int
    crc: int
    offset: int

    @property
    def extra(self) -> bytes:
        used = self.offset + _LOCAL.size + len(self.name) + 4
        padding = -used % ALIGNMENT
        return struct.pack("<2H", _PADDING_ID, padding) + bytes(padding)

    @property
    def local(self) -> bytes:
        common = (_VERSION, _UTF8, _STORED, _TIME, _DATE, self.crc, self.size, self.size)
        extra = self.extra
        return _LOCAL.pack(_LOCAL_SIGN, *common, len(self.name), len(extra)) + self.name + extra

    @property
    def central(self) -> bytes:
        common = (_VERSION, _VERSION, _UTF8, _STORED, _TIME, _DATE, self.crc, self.size, self.size)
        rest = (len(self.name), 0, 0, 0, 0, 0, self.offset)
        return _CENTRAL.pack(_CENTRAL_SIGN, *common, *rest) + self.name


def _end(count: int, directory: int, start: int) -> bytes:
    return _END.pack(_END_SIGN, 0, 0, count, count, directory, start, 0)


def pack(members: Mapping[str, Bytes]) -> Iterator[Bytes]:
    """The sealed file's bytes, piece by piece, so that a large model is never copied.

    Raises:
        SealError: E203 when a limit of the format is exceeded.
    """
    if len(members) > _MAX_MEMBERS:
        raise too_much(f"it would have {len(members)} members, {_MAX_MEMBERS} are allowed")
    _check_sum((name, len(data)) for name, data in members.items())
    entries: list[_Entry] = []
    offset = 0
    for name in sorted(members):
        data = members[name]
        _check_name(name)
        _check_size(name, len(data))
        entry = _Entry(name.encode("ascii"), len(data), zlib.crc32(data), offset)
        local = entry.local
        offset += len(local) + len(data)
        rest = sum(len(before.central) for before in (*entries, entry)) + _END.size
        if offset + rest > _MAX_FILE:
            raise too_much("the file would be larger than 2 GiB")
        entries.append(entry)
        yield local
        yield data
    directory = b"".join(entry.central for entry in entries)
    yield directory
    yield _end(len(entries), len(directory), offset)


def unpack(data: bytes) -> dict[str, memoryview]:
    """The members of a sealed file as views into `data`.

    The headers are rebuilt from the names, sizes and checksums found, and compared with the file byte by byte;
    so whatever `pack` would not have written is refused.

    Raises:
        SealError: E201 when it is no sealed file, E202 when it is damaged, E203 when it is beyond a limit.
    """
    if len(data) > _MAX_FILE:
        raise too_much("the file is larger than 2 GiB")
    entries = _directory(data)
    view = memoryview(data)
    members: dict[str, memoryview] = {}
    offset = 0
    for entry in entries:
        if entry.offset != offset:
            raise _damaged(f"the member {_shown(entry.name)} does not stand where it must")
        start = offset + len(entry.local)
        offset = start + entry.size
        if offset > len(data):
            raise _damaged("it ends in the middle of a member")
        content = view[start:offset]
        if zlib.crc32(content) != entry.crc or view[entry.offset : start] != entry.local:
            raise _damaged(f"the member {_shown(entry.name)} is not what its header says")
        members[entry.name.decode("ascii")] = content
    directory = b"".join(entry.central for entry in entries)
    if view[offset:] != directory + _end(len(entries), len(directory), offset):
        raise _damaged("its directory does not fit its members")
    return members


def _directory(data: bytes) -> list[_Entry]:
    """What the central directory claims; believed only as far as the comparison in `unpack` confirms it."""
    if len(data) < _END.size or data[: len(_LOCAL_SIGN)] != _LOCAL_SIGN:
        raise SealError(
            "E201",
            "This is not a sealed file.",
            fix="Give a .seal file as written by `sealift pack`.",
        )
    sign, _, _, count, _, size, start, _ = _END.unpack_from(data, len(data) - _END.size)
    if sign != _END_SIGN:
        raise _damaged("its end is missing; it may have been cut short on the way")
    if count > _MAX_MEMBERS:
        raise too_much(f"it claims {count} members, {_MAX_MEMBERS} are allowed")
    if start + size + _END.size != len(data):
        raise _damaged("its directory is not where its end says")
    entries: list[_Entry] = []
    position = start
    for _ in range(count):
        if position + _CENTRAL.size > start + size:
            raise _damaged("its directory is cut short")
        fields = _CENTRAL.unpack_from(data, position)
        crc, length, name_length, offset = fields[7], fields[9], fields[10], fields[16]
        position += _CENTRAL.size
        name = bytes(data[position : position + name_length])
        position += name_length
        shown = _shown(name)
        if entries and name <= entries[-1].name:
            raise _damaged(f"the member {shown} stands twice or out of order")
        _check_name(name.decode("ascii", "replace"))
        _check_size(shown, length, name.decode("ascii"))
        entries.append(_Entry(name, length, crc, offset))
    _check_sum((entry.name.decode("ascii"), entry.size) for entry in entries)
    return entries


def _check_name(name: str) -> None:
    if name not in LIMITS:
        raise SealError(
            "E202",
            f"The sealed file has a member {name!r:.80} that the format does not know.",
            fix="Ask its publisher for the original file, or install a newer Sealift; nothing of this file was used.",
        )


def _check_size(shown: str, size: int, name: str | None = None) -> None:
    limit = LIMITS[name or shown]
    if size > limit:
        raise too_much(f"the member {shown} has {size} bytes, {limit} are allowed")


def _check_sum(sizes: Iterable[tuple[str, int]]) -> None:
    beside = sum(size for name, size in sizes if name != "model.onnx")
    if beside > MOST_BESIDE_MODEL:
        raise too_much(f"its members beside the model have {beside} bytes, {MOST_BESIDE_MODEL} are allowed")


def _shown(name: bytes) -> str:
    return repr(name.decode("ascii", "replace"))[:80]


def _damaged(reason: str) -> SealError:
    return SealError("E202", f"The sealed file is damaged: {reason}.", fix=_ORIGINAL)


def too_much(reason: str) -> SealError:
    """E203, for the reason given."""
    return SealError(
        "E203",
        f"The sealed file exceeds the format's limits: {reason}.",
        fix="See spec/SEAL.md §2 for the limits.",
    )
