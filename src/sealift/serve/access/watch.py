"""Notices that files were changed or replaced."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class FileWatch:
    """The state of files when they were last seen."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = tuple(paths)
        self._seen: tuple[object, ...] = ()

    def changed(self) -> bool:
        """Whether a file differs from the last call in its inode, size or times; True at the first call."""
        now = tuple(map(_state, self._paths))
        if now == self._seen:
            return False
        self._seen = now
        return True


def _state(path: Path) -> object:
    try:
        status = path.stat()
    except OSError as error:
        return error.errno
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
