"""Sealed files with one wrong field: each is refused with the reason, before any member is used."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import pytest

from sealift.errors import SealError
from sealift.seal import layout

NAMES = ("card.md", "model.onnx")
MARK = 0xFFFFFFFF


def entries(*names: str) -> list[layout._Entry]:
    """Entries of members that contain their own name, one after the other."""
    made: list[layout._Entry] = []
    offset = 0
    for name in names:
        made.append(layout._Entry(name.encode(), len(name), zlib.crc32(name.encode()), offset))
        offset += len(made[-1].local) + len(name)
    return made


def file_of(listed: list[layout._Entry]) -> bytes:
    """The bytes of a file, each member with its name as content."""
    members = b"".join(entry.local + entry.name for entry in listed)
    directory = b"".join(entry.central for entry in listed)
    return members + directory + layout._end(len(listed), len(directory), len(members))


def refusal(data: bytes) -> str:
    with pytest.raises(SealError) as caught:
        layout.unpack(data)
    assert caught.value.code == "E202"
    return caught.value.what


def test_the_files_of_these_tests_are_sound() -> None:
    data = file_of(entries(*NAMES))
    assert b"".join(layout.pack({name: name.encode() for name in NAMES})) == data
    assert {name: bytes(view) for name, view in layout.unpack(data).items()} == {n: n.encode() for n in NAMES}


def test_a_member_that_occurs_twice_is_refused() -> None:
    assert "'card.md' is a duplicate" in refusal(file_of(entries("card.md", "card.md")))
    assert "'card.md' is a duplicate or out of order" in refusal(file_of(entries("model.onnx", "card.md")))


def test_a_name_that_the_format_does_not_know_is_not_written() -> None:
    for name in ("notes.txt", "card.md ", "blobs/" + "0" * 63, "weights/" + "G" * 64):
        with pytest.raises(SealError, match="that the format does not know") as caught:
            list(layout.pack({name: b""}))
        assert caught.value.code == "E202"


def directory_field(position: int, value: int, *, member: int = 1) -> Callable[[bytes], bytes]:
    """Write a 32-bit field of the central directory, by its position in the entry of a member."""

    def changed(data: bytes) -> bytes:
        listed = entries(*NAMES)
        at = len(data) - layout._END.size - sum(len(entry.central) for entry in listed[member:]) + position
        return data[:at] + struct.pack("<I", value) + data[at + 4 :]

    return changed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:-1], "its end is missing"),
        (lambda data: data[:-22] + bytes(22), "its end is missing"),
        # The sizes of the last member: both, so that its header would follow from them.
        (lambda data: directory_field(20, 900)(directory_field(24, 900)(data)), "it ends in the middle of a member"),
        (directory_field(42, 64), "the member 'model.onnx' is not at its position"),
        (directory_field(42, 64, member=0), "the member 'card.md' is not at its position"),
        (directory_field(16, 0), "the member 'model.onnx' does not match its header"),
        (directory_field(8, 0), "its directory does not match its members"),
    ],
)
def test_the_reason_of_a_refusal(change: Callable[[bytes], bytes], reason: str) -> None:
    assert reason in refusal(change(file_of(entries(*NAMES))))


def test_positions_at_the_limit_of_32_bits_are_written_in_zip64_fields() -> None:
    far = struct.pack("<2HQ", 1, 8, MARK)
    assert far not in layout._Entry(b"card.md", 1, 0, MARK - 1).central
    assert layout._Entry(b"card.md", 1, 0, MARK).central.endswith(far)
    assert len(layout._end(1, 60, MARK - 1)) == 22
    assert len(layout._end(1, 60, MARK)) == 98


def test_every_member_is_after_the_one_before() -> None:
    assert "'evidence.json' is a duplicate or out of order" in refusal(
        file_of(entries("card.md", "model.onnx", "evidence.json"))
    )


def test_a_file_as_long_as_its_end_is_damaged() -> None:
    assert "its end is missing" in refusal(b"PK\3\4" + bytes(18))
    with pytest.raises(SealError) as caught:
        layout.unpack(b"PK\3\4" + bytes(17))
    assert caught.value.code == "E201"


def test_the_number_of_members_has_a_limit() -> None:
    most = 11 + 4096 + 1024 + 1024
    for count, code in ((most, "E202"), (most + 1, "E203")):
        end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, 0, 4, 0)
        with pytest.raises(SealError) as caught:
            layout.unpack(b"PK\3\4" + end)
        assert caught.value.code == code
        assert (f"claims {count} members" in caught.value.what) == (code == "E203")
