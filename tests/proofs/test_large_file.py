"""A file beyond 4 GiB: ZIP64 as the format has it, read by this reader and by another one."""

from __future__ import annotations

import mmap
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sealift.seal import layout

SIZE = (1 << 32) + 100
LARGE, LAST = f"weights/{'0' * 64}", f"weights/{'1' * 64}"


@contextmanager
def mapped(path: Path) -> Iterator[memoryview]:
    with (
        path.open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
        memoryview(data) as view,
    ):
        yield view


def test_a_file_beyond_4_gib(tmp_path: Path) -> None:
    holes, path = tmp_path / "holes", tmp_path / "large.zip"
    with holes.open("wb") as stream:
        stream.truncate(SIZE)
    with mapped(holes) as zeros, path.open("wb") as written:
        members: dict[str, bytes | memoryview] = {
            "card.md": b"#",
            "manifest.json": b"{}",
            LARGE: zeros,
            LAST: b"behind",
        }
        for piece in layout.pack(members):
            if len(piece) > 1 << 30:
                written.seek(len(piece), 1)  # a hole, which takes no room on the disk
            else:
                written.write(piece)
    with mapped(path) as data:
        unpacked = layout.unpack(data)
        assert {name: len(view) for name, view in unpacked.items()} == {
            name: len(body) for name, body in {**members, LARGE: range(SIZE)}.items()
        }
        assert bytes(unpacked[LAST]) == b"behind"
        for view in unpacked.values():
            view.release()
    with zipfile.ZipFile(path) as archive:
        assert archive.infolist()[-1].header_offset > SIZE
        assert archive.read(LAST) == b"behind"
        assert archive.getinfo(LARGE).file_size == SIZE
