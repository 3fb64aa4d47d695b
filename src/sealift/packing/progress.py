"""Progress of packing, shown by default in a terminal or a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import IO, Any, ParamSpec, TypeAlias, TypeVar, cast

Progress: TypeAlias = Callable[[str], None]

_P = ParamSpec("_P")
_T = TypeVar("_T")
_DELAY = 1.0
_WIDTH = 78


class Display:
    """One line that is rewritten; it appears after a second and is removed at the end."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream
        self._begun = time.monotonic()
        self._shown = False

    def __call__(self, sentence: str) -> None:
        """Show a sentence."""
        if self._stream is not None and time.monotonic() - self._begun >= _DELAY:
            self._write(f"{sentence} …")
            self._shown = True

    def __enter__(self) -> Display:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._write("")

    def _write(self, text: str) -> None:
        assert self._stream is not None
        # Blanks instead of a control code, which not every notebook and terminal supports.
        self._stream.write(f"\r{text[:_WIDTH]:<{_WIDTH}}" + "\r" * (not text))
        self._stream.flush()


class Countdown:
    """The number of finished rows, the total, and the estimated remaining time."""

    def __init__(self, say: Progress, title: str, total: int) -> None:
        self._say, self._title, self._total = say, title, total
        self._begun = time.monotonic()
        self._done = 0

    def add(self, rows: int) -> None:
        """Add finished rows, and report the progress."""
        self._done = min(self._done + rows, self._total)
        passed = time.monotonic() - self._begun
        left = passed / max(self._done, 1) * (self._total - self._done)
        self._say(f"{self._title}: {self._done:,} of {self._total:,} rows, about {_span(left)} left")


def with_progress(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """A decorator that passes a `Display` as the argument `progress` if the caller gives none."""

    @wraps(function)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        if kwargs.get("progress") is not None:
            return function(*args, **kwargs)
        with Display(_stream()) as display:
            return function(*args, **cast("Any", {**kwargs, "progress": display}))

    return called


def _stream() -> IO[str] | None:
    """The stream that is displayed: a terminal's stderr, or the output of a notebook's cell; else None."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if type(shell).__name__ == "ZMQInteractiveShell":
        return sys.stdout
    return sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
