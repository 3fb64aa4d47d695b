"""A progress bar on stderr, for work that takes more than a second in front of a person."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

import click

from sealift.cli import console

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_PATIENCE = 1.0


class Bar:
    """Appears after a second, and only on a terminal; `advance` is `sealift.batch`'s progress callback."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._begun = time.monotonic()
        self._bar: ProgressBar[int] | None = None
        self._wanted = sys.stderr.isatty() and not console.is_silent()
        self._line = False

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.render_finish()
        elif self._line:
            self._write("")

    def advance(self, done: int, total: int, rows: int) -> None:
        """`done` of `total` (0 when not known), after `rows` rows."""
        if not self._wanted or (self._bar is None and time.monotonic() - self._begun < _PATIENCE):
            return
        if not total:
            self._write(f"{self._title}: {rows:,} rows")
            return
        if self._bar is None:
            self._bar = click.progressbar(
                length=total,
                label=self._title,
                file=sys.stderr,
                item_show_func=lambda found: "" if found is None else f"{found:,} rows",
            )
            self._bar.render_progress()
        self._bar.update(done - self._bar.pos, rows)

    def stage(self, sentence: str) -> None:
        """Name what is being done now, where the whole is not known."""
        if self._wanted:
            self._write(f"{sentence} …")

    def _write(self, text: str) -> None:
        """Replace the line; where the terminal knows no codes, blanks do it."""
        sys.stderr.write(f"\r{text:<60}\r" if not text else f"\r{text:<60}")
        sys.stderr.flush()
        self._line = bool(text)
