"""Read the parts of a workbook's archive within limits: a small file may declare gigabytes.

`zipfile` reads no more than the size of a part in the archive's directory. The limits here bound the memory of the XML
parser: a single token, and the elements that are not dropped yet.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import Element, iterparse

_CHUNK = 1 << 14
_TOKEN = 1 << 20  # a cell has at most 32,767 characters of at most 10 bytes each in XML
_HELD_TAGS = 1 << 19  # a row has at most 16,384 cells
_HELD_BYTES = 64 << 20
_SMALL_BYTES, _SMALL_TAGS = 16 << 20, 400_000  # styles, names, relations: openpyxl makes objects of them
_STRING_BYTES, _STRING_TAGS = 128 << 20, 8_000_000
_PLAIN_BYTES, _RATIO = 64 << 20, 200  # a larger sheet that is compressed more than this is hostile
_MARKUP = re.compile(rb"<[!?]")
_ENCODING = re.compile(rb"<\?xml[^>]*\bencoding\s*=\s*[\"']([^\"']*)")


class TooLargeError(ValueError):
    """A part exceeds a limit, or has XML of a kind that spreadsheet programs do not write."""


class Part:
    """The XML of a part as a stream, which raises where the parser would need too much memory.

    Args:
        stream: the XML.
        name: the name of the part.
        tags: the number of tags that may begin before `dropped` is called.
        size: the number of bytes that may be read before `dropped` is called.
    """

    def __init__(self, stream: IO[bytes], name: str, *, tags: int, size: int) -> None:
        self._stream = stream
        self._name = name
        self._limits = tags, size
        self._tags, self._bytes = tags, size
        self._run = 0  # bytes since the last tag began
        self._begun = False
        self._last = b""

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all for -1. Raises TooLargeError."""
        if size >= 0:
            return self._checked(self._stream.read(min(size, _CHUNK)))
        return b"".join(iter(lambda: self._checked(self._stream.read(_CHUNK)), b""))

    def dropped(self) -> None:
        """Reset the counts: the elements read so far are no longer in memory."""
        self._tags, self._bytes = self._limits

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _checked(self, data: bytes) -> bytes:
        if not data:
            return data
        first = not self._begun
        if first:
            self._begun = True
            self._check_start(data)
        # With another encoding, entities, comments or CDATA sections, the checks below would not see every tag.
        joined = self._last + data
        if b"\0" in data or _MARKUP.search(joined, 2 if first else 0):
            raise TooLargeError(f"{self._name} holds XML of a kind that spreadsheet programs do not write")
        self._last = data[-1:]
        self._tags -= data.count(b"<")
        self._bytes -= len(data)
        if self._tags < 0 or self._bytes < 0:
            raise TooLargeError(f"{self._name} holds more than a spreadsheet can")
        longest, begin = 0, data.find(b"<")
        if begin < 0:
            self._run += len(data)
            longest = self._run
        else:
            longest = self._run + begin
            self._run = len(data) - data.rfind(b"<")
        if longest > _TOKEN:
            raise TooLargeError(f"a cell of {self._name} holds more than {_TOKEN >> 20} MB")
        return data

    def _check_start(self, data: bytes) -> None:
        text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
        encoding = _ENCODING.match(text)
        if not text.startswith(b"<") or (encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii")):
            raise TooLargeError(f"{self._name} is not XML in UTF-8")


class Archive(zipfile.ZipFile):
    """A workbook's archive, whose parts are read within limits."""

    def part(self, name: str) -> Part:
        """A sheet, or the table of shared strings, to be read with `children`. Raises TooLargeError."""
        info = self.getinfo(name)
        if info.file_size > _PLAIN_BYTES and info.file_size > _RATIO * info.compress_size:
            raise TooLargeError(f"{name} would be {info.file_size >> 20:,} MB, from {info.compress_size >> 10:,} kB")
        return Part(super().open(name), name, tags=_HELD_TAGS, size=_HELD_BYTES)

    def strings(self, name: str) -> Part:
        """The table of shared strings, which stays in memory. Raises TooLargeError."""
        size = self.getinfo(name).file_size
        if size > _STRING_BYTES:
            raise TooLargeError(f"{name} would be {size >> 20:,} MB")
        return Part(super().open(name), name, tags=_STRING_TAGS, size=_STRING_BYTES)

    def open(self, name: Any, mode: Any = "r", *args: Any, **options: Any) -> Any:
        """Any other part, which is read at once; `read` calls this too. Raises TooLargeError."""
        size = self.getinfo(name if isinstance(name, str) else name.filename).file_size
        if size > _SMALL_BYTES:
            raise TooLargeError(f"{name} would be {size >> 20:,} MB")
        return Part(super().open(name, mode, *args, **options), str(name), tags=_SMALL_TAGS, size=_SMALL_BYTES)


def children(part: Part, depth: int, *, drop: bool = True) -> Iterator[tuple[str, Element]]:
    """Yield the elements at `depth` below the root, each with its parent's tag, and drop them afterwards.

    Args:
        part: the XML.
        depth: 1 for the root's children, 2 for theirs.
        drop: whether dropped elements no longer count towards the part's limits.
    """
    path: list[Element] = []
    for event, element in iterparse(part, ("start", "end")):  # noqa: S314 -- `Part` lets no entity through
        if event == "start":
            path.append(element)
            continue
        path.pop()
        if len(path) == depth:
            yield path[-1].tag, element
        if len(path) <= depth:
            for parent in path[-1:]:
                parent.clear()
            if drop:
                part.dropped()
