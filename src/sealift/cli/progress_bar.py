"""The progress bar of `sealift predict`, on a terminal's stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

import click

from sealift.cli import console

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar as ClickBar

_DELAY = 1.0  # seconds before it appears


class ProgressBar:
    """Appears after a second, and only on a terminal; `advance` is the progress callback of `sealift.batch`."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._start = time.monotonic()
        self._bar: ClickBar[int] | None = None
        self._enabled = sys.stderr.isatty() and not console.is_silent()
        self._line = False

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.render_finish()
        elif self._line:
            self._write("")

    def advance(self, done: int, total: int, rows: int) -> None:
        """Show the amount done, the total amount (0 when not known) and the number of rows."""
        if not self._enabled or (self._bar is None and time.monotonic() - self._start < _DELAY):
            return
        if not total:
            self._write(f"{self._title}: {rows:,} rows")
            return
        if self._bar is None:
            self._bar = click.progressbar(
                length=total,
                label=self._title,
                file=sys.stderr,
                item_show_func=lambda rows: "" if rows is None else f"{rows:,} rows",
            )
            self._bar.render_progress()
        self._bar.update(done - self._bar.pos, rows)

    def _write(self, text: str) -> None:
        """Replace the line, with spaces instead of control codes, which not every terminal supports."""
        sys.stderr.write(f"\r{text:<60}\r" if not text else f"\r{text:<60}")
        sys.stderr.flush()
        self._line = bool(text)
