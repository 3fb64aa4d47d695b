"""A progress bar on stderr, for work that takes more than a second in front of a person."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from sealift.cli.console import colours

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE = 1.0


class Bar:
    """Appears after a second, and only on a terminal; `advance` is `sealift.score`'s progress callback."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._begun = time.monotonic()
        self._shown: tuple[Progress, TaskID] | None = None
        self._wanted = sys.stderr.isatty()

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown is not None:
            self._shown[0].stop()

    def advance(self, done: int, total: int, rows: int) -> None:
        """`done` of `total` (0 when not known), after `rows` rows."""
        if not self._wanted or (self._shown is None and time.monotonic() - self._begun < _PATIENCE):
            return
        progress, task = self._shown or self._show()
        progress.update(task, completed=done, total=total or None, rows=f"{rows:,} rows")

    def stage(self, sentence: str) -> None:
        """Name what is being done now, where the whole is not known."""
        if self._wanted:
            progress, task = self._shown or self._show()
            progress.update(task, description=sentence, total=None, rows="")

    def _show(self) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, no_color=not colours(sys.stderr))
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rows]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        task = progress.add_task(self._title, total=None, rows="")
        progress.start()
        self._shown = (progress, task)
        return self._shown
