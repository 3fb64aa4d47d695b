"""The history of a server: a line for each change, chained by digests so that a changed or lost line is noticed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sealift import files
from sealift.errors import ServeError

_START = "0" * 64


class History:
    """The history in one file. Only the supervisor writes it."""

    def __init__(self, path: Path) -> None:
        """Open a history for writing, or begin one; an incomplete last line is removed from the file.

        Raises:
            ServeError: E742 where the history was altered.
        """
        self._path = path
        self._last = _START
        _remove_incomplete_line(path)
        for entry in read(path):
            self._last = entry["digest"]

    def append(self, action: str, *, actor: str, reason: str, **what: Any) -> dict[str, Any]:
        """Add an entry, and wait until it is on the disk.

        Raises:
            FileError: E402 where it cannot be written; the file is as before, and the next entry continues it.
        """
        entry: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "action": action,
            "actor": actor,
            "reason": reason,
            **what,
            "before": self._last,
        }
        entry["digest"] = _digest(entry)
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        try:
            with self._path.open("ab", buffering=0) as file:
                before = file.tell()
                try:
                    if file.write(line.encode()) < len(line.encode()):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(before)
                    raise
        except OSError as error:
            raise files.unwritable(self._path, error) from error
        self._last = entry["digest"]
        return entry


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The entries of a history, checked; the file is not changed.

    A last line without a line feed is left out: it is being written, or the process was killed while it was.

    Raises:
        ServeError: E742 where a line was changed, removed or inserted.
    """
    if not path.exists():
        return
    before = _START
    for number, line in enumerate(_complete_lines(path.read_bytes()).splitlines(), 1):
        try:
            entry = json.loads(line)
            good = entry["before"] == before and entry.pop("digest") == _digest(entry)
        except (ValueError, KeyError, TypeError, AttributeError):
            good = False
        if not good:
            raise ServeError(
                "E742",
                f"The history was altered: line {number} does not continue the line before.",
                where=str(path),
                fix="Compare it with a copy. To begin another history, move the file away.",
            )
        before = _digest(entry)
        yield {**entry, "digest": before}


def _complete_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def _remove_incomplete_line(path: Path) -> None:
    if not path.exists():
        return
    data = path.read_bytes()
    length = len(_complete_lines(data))
    if length < len(data):
        with path.open("r+b") as file:
            file.truncate(length)


def _digest(entry: dict[str, Any]) -> str:
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
