"""Files of records for which the rings have no room, until the store takes them.

A file is a sequence of messages, each behind its length and its checksum (CRC-32). The process that writes it holds a
lock on it; a file without a lock is complete, and is deleted when its messages are in the store.
"""

from __future__ import annotations

import logging
import os
import struct
import zlib
from pathlib import Path

_FRAME = struct.Struct("<II")
_SUFFIX = ".records"
_MOST = 64 << 20
"""Bytes after which a process begins another file."""
_log = logging.getLogger(__name__)


class SpillFile:
    """The files of one process, one after the other."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = f"{name}-{os.getpid()}"
        self._number = 0
        self._file: int | None = None
        self._size = 0
        self._failed = False

    def append(self, message: bytes) -> bool:
        """Append a message; False where the disk does not take it."""
        frame = _FRAME.pack(len(message), zlib.crc32(message)) + message
        try:
            if self._file is None or self._size > _MOST:
                self._begin()
            assert self._file is not None
            written = os.write(self._file, frame)
            if written < len(frame):  # the disk is full; a part of a message would end the file for its reader
                os.ftruncate(self._file, self._size)
                return False
            self._size += written
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._failed = True
                _log.error("records cannot be spilled to %s: %s", self._folder, error.strerror or error)
            return False
        return True

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _begin(self) -> None:
        import fcntl

        self.close()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._number += 1
        path = self._folder / f"{self._name}-{self._number}{_SUFFIX}"
        # A reader sees the file under its name only when it has its lock.
        temporary = path.with_suffix(".new")
        self._file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        temporary.rename(path)
        self._size = 0


def spill_files(folder: Path) -> list[Path]:
    """The files with messages, oldest first."""
    try:
        return sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: (path.stat().st_mtime, path.name))
    except OSError:
        return []


def is_complete(path: Path) -> bool:
    """Whether no process writes a file any more."""
    import fcntl

    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def read_spilled(path: Path, position: int, most: int) -> tuple[list[bytes], int]:
    """Messages of a file from a position on, and the position behind them; none where the next one is not complete.

    Args:
        path: the file.
        position: 0, or what an earlier call returned.
        most: bytes after which no further message is read; one is read in any case.
    """
    messages: list[bytes] = []
    with path.open("rb") as stream:
        size, end = os.fstat(stream.fileno()).st_size, position + most
        stream.seek(position)
        while position + _FRAME.size <= size and (position < end or not messages):
            length, checksum = _FRAME.unpack(stream.read(_FRAME.size))
            if position + _FRAME.size + length > size:
                break
            message = stream.read(length)
            if zlib.crc32(message) != checksum:
                break
            messages.append(message)
            position += _FRAME.size + length
    return messages, position
