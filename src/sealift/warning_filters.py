"""Warnings of a library that are no concern of Sealift's callers: left out, or recorded, while a block runs.

`warnings.catch_warnings` replaces the filters of the whole process: while one thread is inside, the warnings of all
others are lost, and where two threads overlap, the one that leaves last restores the filters of the other. So it is
used in one place only, `recorded_warnings`.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

_left_out: ContextVar[bool] = ContextVar("sealift_warnings_left_out", default=False)
_changing = threading.Lock()
_recording = threading.RLock()


class _WhereLeftOut:
    """In place of the regular expression of a filter's message: matches by the context in which a warning is given."""

    def match(self, message: str) -> bool:
        """Whether the warning is given inside `no_warnings`."""
        del message
        return _left_out.get()

    @property
    def pattern(self) -> str:
        """The same as a regular expression: scikit-learn makes its filters anew from their patterns."""
        return "" if _left_out.get() else "(?!)"


_FILTER = ("ignore", _WhereLeftOut(), Warning, None, 0)


@contextmanager
def no_warnings() -> Iterator[None]:
    """Leave out warnings of this thread, or of this task, while the block runs.

    Other threads see no difference, those excepted that the block itself starts: their warnings are shown. The filter
    stays among `warnings.filters` afterwards, where it matches nothing. A filter that the block adds comes before it.
    """
    with _changing:
        filters = cast("list[Any]", warnings.filters)
        if not filters or filters[0] is not _FILTER:
            if _FILTER in filters:
                filters.remove(_FILTER)
            filters.insert(0, _FILTER)
    token = _left_out.set(True)
    try:
        yield
    finally:
        _left_out.reset(token)


@contextmanager
def recorded_warnings() -> Iterator[list[warnings.WarningMessage]]:
    """Record every warning while the block runs, those of all threads; none is shown meanwhile.

    For commands, which have their process to themselves: no function of the library's may call it. One thread at a
    time is inside.
    """
    with _recording, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught
