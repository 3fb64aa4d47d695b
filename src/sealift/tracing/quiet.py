"""Warnings ignored in one thread."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class _InQuietThread:
    """Takes the place of the pattern in a warning filter: matches any message in a thread that ignores warnings."""

    def __init__(self) -> None:
        self._local = threading.local()

    def match(self, message: str) -> bool:
        """Whether the thread that gives the warning ignores warnings."""
        del message
        return self.depth > 0

    @property
    def depth(self) -> int:
        """How many `warnings_ignored` blocks this thread is in."""
        depth: int = getattr(self._local, "depth", 0)
        return depth

    def add(self, count: int) -> None:
        """Enter or leave a block."""
        self._local.depth = self.depth + count


_PATTERN = _InQuietThread()
_FILTER = ("ignore", _PATTERN, Warning, None, 0)


@contextmanager
def warnings_ignored() -> Iterator[None]:
    """Ignore the warnings of this thread; those of other threads are shown as before.

    `warnings.catch_warnings` replaces the filters of the whole process: other threads lose their warnings meanwhile,
    and two overlapping blocks restore each other's filters. Here one filter is added to the process's list and stays.
    It applies only to threads inside this block.
    """
    filters: list[object] = warnings.filters  # type: ignore[assignment] # a list of tuples, declared as a sequence
    if filters[:1] != [_FILTER]:
        filters.insert(0, _FILTER)
    _PATTERN.add(1)
    try:
        yield
    finally:
        _PATTERN.add(-1)
