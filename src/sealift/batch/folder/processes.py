"""Processes that predict one file each at a time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, TypeAlias

from sealift.batch.folder.inputs import InputFile
from sealift.batch.folder.settings import FolderSettings
from sealift.batch.job import Observe, Summary, opened, score
from sealift.batch.kinds import kind_of
from sealift.errors import SealiftError, ServeError
from sealift.runtime import SealedModel
from sealift.seal import FileSource

Main: TypeAlias = Callable[[Connection, int], None]
"""What a process does, given its end of a connection and its place, from 0 on: `predict_files` with a model."""
_STEP = 0.2
"""Seconds between two reports of the progress in a file."""
_GRACE = 5.0
"""Seconds after which a process that was asked to end is killed."""


class _EndedError(SystemExit):
    """The process that asked for the file has ended."""


def predict_files(
    connection: Connection,
    model: SealedModel | FileSource,
    settings: FolderSettings,
    *,
    seconds: float | None = None,
    memory: float | None = None,
    observe: Callable[[str], Observe] | None = None,
) -> None:
    """Predict the files that come over a connection, until it is closed.

    Args:
        connection: receives pairs of an input and an output; sends ("progress", part, rows), ("done", summary) and
            ("failed", error).
        model, seconds, memory: as for `sealift.batch.score`.
        settings: the settings of the run.
        observe: the observer of `score` for a file of this name.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one ends the others
    signal.signal(signal.SIGTERM, _terminated)
    parent = os.getppid()
    try:
        with opened(model, seconds, memory) as loaded:
            while True:
                while not connection.poll(_STEP):
                    if os.getppid() != parent:  # siblings hold the other end too, so that it is not closed
                        raise _EndedError
                source, target = connection.recv()
                try:
                    connection.send(("done", _predict(connection, parent, loaded, settings, source, target, observe)))
                except SealiftError as error:
                    connection.send(("failed", error))
    except SealiftError as error:  # the model cannot be loaded
        with suppress(EOFError, OSError):
            connection.recv()
            connection.send(("failed", error))
    except (EOFError, OSError, _EndedError):
        return


def _predict(
    connection: Connection,
    parent: int,
    model: SealedModel,
    settings: FolderSettings,
    source: Path,
    target: Path,
    observe: Callable[[str], Observe] | None,
) -> Summary:
    reported = 0.0

    def progress(done: int, total: int, rows: int) -> None:
        nonlocal reported
        if os.getppid() != parent:
            raise _EndedError
        now = time.monotonic()
        if now - reported >= _STEP:
            reported = now
            connection.send(("progress", done / total if total else 0.0, rows))

    target.parent.mkdir(parents=True, exist_ok=True)
    return score(
        model,
        source,
        target,
        keep=settings.keep,
        keep_inputs=settings.keep_inputs,
        ignore_extra=settings.ignore_extra,
        output_kind=settings.format or kind_of(source),
        progress=progress,
        observe=None if observe is None else observe(str(source)),
    )


def _terminated(_number: int, _frame: object) -> None:
    raise _EndedError


@dataclass
class _Process:
    process: Any  # multiprocessing.Process of one of several contexts
    connection: Connection
    place: int
    file: InputFile | None = None
    target: Path = Path()
    part: float = 0.0
    rows: int = 0


class Processes:
    """Several processes; one that ends while it predicts a file is replaced, and the file predicted once more."""

    def __init__(self, context: BaseContext, main: Main, most: int) -> None:
        self._context, self._main, self._most = context, main, most
        self._running: list[_Process] = []
        self._again: set[Path] = set()

    @property
    def free(self) -> bool:
        """Whether a process can take a file."""
        return len(self._running) < self._most or any(each.file is None for each in self._running)

    @property
    def busy(self) -> list[tuple[InputFile, float, int]]:
        """The files in work: the file, the part that is done, and the rows that are done."""
        return [(each.file, each.part, each.rows) for each in self._running if each.file is not None]

    def give(self, file: InputFile, target: Path) -> None:
        """Let a process predict a file, when `free`."""
        each = next((one for one in self._running if one.file is None), None) or self._start()
        each.file, each.target, each.part, each.rows = file, target, 0.0, 0
        with suppress(OSError):  # it has ended, which `results` notices
            each.connection.send((file.path, target))

    def results(self, seconds: float) -> list[tuple[InputFile, Summary | SealiftError]]:
        """Wait at most so long for results, and return those that came."""
        finished: list[tuple[InputFile, Summary | SealiftError]] = []
        connections = [each.connection for each in self._running]
        if not connections:
            time.sleep(seconds)
        ready = wait(connections, seconds)
        for each in [one for one in self._running if one.connection in ready]:
            try:
                message = each.connection.recv()
            except (EOFError, OSError):
                finished += self._ended(each)
                continue
            if message[0] == "progress":
                each.part, each.rows = message[1:]
            elif each.file is not None:
                finished.append((each.file, message[1]))
                each.file = None
        return finished

    def end(self) -> None:
        """End all processes; files in work are left undone."""
        for each in self._running:
            each.connection.close()
            if each.file is not None:
                each.process.terminate()
        until = time.monotonic() + _GRACE
        for each in self._running:
            each.process.join(max(0.0, until - time.monotonic()))
            if each.process.exitcode is None:
                each.process.kill()
                each.process.join()
        self._running.clear()

    def _start(self) -> _Process:
        ours, theirs = self._context.Pipe()
        place = next(number for number in count() if all(each.place != number for each in self._running))
        # Not a daemon: those may not start the process with limits in which the graph runs.
        process = self._context.Process(target=_run, args=(self._main, ours, theirs, place))  # type: ignore[attr-defined]
        process.start()
        theirs.close()
        self._running.append(_Process(process, ours, place))
        return self._running[-1]

    def _ended(self, each: _Process) -> list[tuple[InputFile, Summary | SealiftError]]:
        self._running.remove(each)
        each.connection.close()
        each.process.join()
        if each.file is None:
            return []
        if each.file.path not in self._again:
            self._again.add(each.file.path)
            self.give(each.file, each.target)
            return []
        self._again.discard(each.file.path)
        error = ServeError(
            "E787",
            f"The process that predicted the file ended twice, the second time with status {each.process.exitcode}.",
            where=str(each.file.path),
            fix="Predict only this file with `sealift predict`, or use fewer processes if the memory was exhausted.",
        )
        return [(each.file, error)]


def _run(main: Main, ours: Connection, theirs: Connection, place: int) -> None:
    ours.close()  # otherwise this process would not notice the end of the other one
    main(theirs, place)
