"""A file of JSON lines to which one process at a time appends: what a run has finished, so that a later one goes on.

The first line, the head, states what the run computes. A line is flushed to the disk before the next one is written; a
process that is killed leaves at most one torn line, which is cut off when the file is opened again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from sealift import files
from sealift.errors import ServeError


class JournalFile:
    """A journal that is open for this process only.

    Attributes:
        path: the file.
        former: the head of a journal with another head, which is left as it is until `begin`; else None.
    """

    def __init__(self, path: Path, head: Mapping[str, Any], target: Path) -> None:
        """Open or begin a journal.

        Args:
            path: the file; its folder is made if it is missing.
            head: the first line.
            target: what the run writes, for messages.

        Raises:
            ServeError: E786 where another process has the journal.
            FileError: E402.
        """
        self.path = path
        self._head = dict(head)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream: IO[bytes] = path.open("a+b")
        except (OSError, ValueError) as error:
            raise files.unwritable(path, error) from error
        try:
            if not files.hold(self._stream):
                raise ServeError(
                    "E786",
                    "Another process writes these answers.",
                    where=str(target),
                    fix="Wait until it has ended, or write to another place.",
                )
            self.former = self._opened()
        except BaseException:
            self._stream.close()
            raise

    def begin(self) -> None:
        """Write the head to an empty file, in place of what it contains. Raises FileError E402."""
        self._stream.truncate(0)
        self.former = None
        self.append(self._head)

    def lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The lines after the head, each with its position in the file. Lines that are not JSON are left out."""
        self._stream.seek(0)
        start = len(self._stream.readline())
        while line := self._stream.readline():
            parsed = _parsed(line)
            if parsed is not None:
                yield start, parsed
            start += len(line)

    def line_at(self, position: int) -> dict[str, Any]:
        """The line at a position that `lines` gave."""
        self._stream.seek(position)
        parsed: dict[str, Any] = json.loads(self._stream.readline())
        return parsed

    def append(self, line: Mapping[str, Any]) -> None:
        """Append a line and flush it to the disk. Raises FileError E402."""
        try:
            self._stream.write(json.dumps(line).encode() + b"\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise files.unwritable(self.path, error) from error

    def close(self) -> None:
        """Let other processes write."""
        self._stream.close()

    def _opened(self) -> dict[str, Any] | None:
        self._stream.seek(0)
        first = _parsed(self._stream.readline())
        if first is None:
            self.begin()
            return None
        if first != self._head:
            return first
        end = self._stream.seek(0, os.SEEK_END)
        whole = _end_of_lines(self._stream, end)
        if whole < end:
            self._stream.truncate(whole)
        return None


def _end_of_lines(stream: IO[bytes], end: int) -> int:
    """The position after the last line break."""
    block = 1 << 16
    while end:
        start = max(0, end - block)
        stream.seek(start)
        at = stream.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def _parsed(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):  # torn
        return None
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
