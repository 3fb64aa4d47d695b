"""A run over folders: each file is predicted by one of several processes, and noted in the journal."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any

from sealift.batch.chunk_answers import MAX_LISTED
from sealift.batch.folder.inputs import InputFile, Settled, check_places, collisions, find
from sealift.batch.folder.journal import Journal
from sealift.batch.folder.processes import Main, Processes, predict_files
from sealift.batch.folder.settings import FolderSettings
from sealift.batch.job import Progress, Summary
from sealift.contract import Cautions
from sealift.errors import SealiftError
from sealift.runtime import SealedModel
from sealift.runtime.processors import processors
from sealift.seal import FileSource

_LISTED = 100
"""Problems of one file in the journal."""
_WAIT = 0.1
_SCAN = 0.5
"""Seconds between two looks into the folders, with `watch`."""


@dataclass(frozen=True, repr=False)
class FolderSummary:
    """The result of a run.

    Attributes:
        rows, refused, skipped: as in `Summary`, over all files, also those that a former run predicted.
        problems: the first 1000 problems, each with its `input`.
        cautions: counts of unusual values in the answered rows, for inputs that have any.
        seconds: the duration of this run.
        output: the folder of the outputs.
        files: for each file `input`, `output`, `rows`, `refused`, `skipped`, `seconds`, and `resumed`: whether a former
            run predicted it.
        failed: for each file without an output `input` and `error`.
    """

    rows: int
    refused: int
    skipped: int
    problems: list[dict[str, Any]]
    cautions: dict[str, dict[str, Any]]
    seconds: float
    output: str
    files: list[dict[str, Any]]
    failed: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """The summary for `--json`."""
        return dict(vars(self))

    def __repr__(self) -> str:
        counts = f"{len(self.files):,} files, {len(self.failed):,} failed, {self.rows:,} rows, {self.refused:,} refused"
        return f"<FolderSummary: {counts}, in {self.seconds:.1f} s; {self.output!r}>"


def _predict_alone(
    file: FileSource, settings: FolderSettings, seconds: float | None, memory: float | None, end: Connection, _: int
) -> None:
    predict_files(end, file, settings, seconds=seconds, memory=memory)


class FolderJob:
    """A run over folders."""

    def __init__(
        self,
        model: SealedModel,
        settings: FolderSettings,
        main: Main | None = None,
        *,
        file: FileSource | None = None,
        seconds: float | None = None,
        memory: float | None = None,
        context: BaseContext | None = None,
    ) -> None:
        """Open the journal.

        Args:
            model: the model, for its identity.
            settings: what is read and written.
            main: what each process does; by default it loads `file`, with limits of `seconds` and `memory`.
            file, seconds, memory: as for `score`.
            context: how processes are started; by default they are new ones, not forks.

        Raises:
            FileError: E401 to E403.
            ServeError: E785, E786, E788.
        """
        check_places(settings)
        find(settings)
        self._settings = settings
        head = {"name": model.name, "version": model.version, "identity": model.identity}
        self._journal = Journal(settings.output, head, settings.options())
        main = main or partial(_predict_alone, file, settings, seconds, memory)
        context = context or multiprocessing.get_context("spawn")
        self._processes = Processes(context, main, settings.processes or processors())
        self._done: dict[str, dict[str, Any]] = {}  # the lines of files, by name
        self._resumed: set[str] = set()
        self._failed: dict[str, tuple[InputFile, SealiftError]] = {}
        self._cautions: dict[str, Cautions] = {}

    def run(
        self,
        *,
        progress: Progress = lambda _done, _total, _rows: None,
        finished: Callable[[Mapping[str, Any]], None] = lambda _file: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> FolderSummary:
        """Predict the files that are not finished.

        Args:
            progress: called with the bytes of the inputs that are done, their total, and the rows that are done.
            finished: called with the entry of `FolderSummary.files` or `failed` for each file that this run predicted.
            stopped: whether to end; files in work are left undone, and predicted by the next run.

        Raises:
            FileError: E402 where the journal cannot be written.
        """
        begun = time.perf_counter()
        try:
            waiting: list[InputFile] = []
            settled = Settled(self._settings.settle) if self._settings.watch else None
            looked = -_SCAN
            while not stopped():
                if looked < time.monotonic() - _SCAN and (settled is not None or looked < 0):
                    looked = time.monotonic()
                    waiting = self._undone(settled)
                while waiting and self._processes.free:
                    file = waiting.pop(0)
                    name = file.output_name(self._settings.format)
                    self._processes.give(file, self._settings.output / name)
                if settled is None and not waiting and not self._processes.busy:
                    break
                for file, result in self._processes.results(_WAIT):
                    finished(self._note(file, result))
                self._report(progress, waiting)
        finally:
            self._processes.end()
            self._journal.close()
        return self._summary(time.perf_counter() - begun)

    def close_in_child(self) -> None:
        """Close the journal in a fork of this process, which would otherwise keep it locked."""
        self._journal.close()

    def _undone(self, settled: Settled | None) -> list[InputFile]:
        """The files to predict."""
        undone = []
        busy = {file.path for file, _, _ in self._processes.busy}
        inputs = find(self._settings)
        colliding = collisions(inputs, self._settings.format)
        for file in inputs:
            line = self._journal.output_of(file)
            if file.path in colliding:
                self._failed[str(file.path)] = file, colliding[file.path]
            elif line is not None:
                if file.name not in self._done:
                    self._done[file.name] = line
                    self._resumed.add(file.name)
                    self._count(line)
            elif file.path not in busy and not self._tried(file) and (settled is None or settled.whole(file)):
                undone.append(file)
        return undone

    def _tried(self, file: InputFile) -> bool:
        """Whether a file failed and did not change since."""
        return file.name in self._failed and self._failed[file.name][0] == file

    def _note(self, file: InputFile, result: Summary | SealiftError) -> Mapping[str, Any]:
        if not isinstance(result, Summary):
            self._failed[file.name] = file, result
            return _failure(file.name, result)
        line = {
            "output": file.output_name(self._settings.format),
            "bytes": (self._settings.output / file.output_name(self._settings.format)).stat().st_size,
            "rows": result.rows,
            "refused": result.refused,
            "skipped": result.skipped,
            "seconds": round(result.seconds, 3),
            "problems": [problem.as_dict() for problem in result.problems[:_LISTED]],
            "cautions": [vars(item) for item in result.cautions],
        }
        self._journal.add(file, line)
        self._failed.pop(file.name, None)
        self._resumed.discard(file.name)
        self._done[file.name] = line
        self._count(line)
        return self._entry(file.name)

    def _count(self, line: Mapping[str, Any]) -> None:
        for raw in line.get("cautions", ()):
            self._cautions.setdefault(raw["field"], Cautions(raw["field"])).add(Cautions(**raw))

    def _report(self, progress: Progress, waiting: list[InputFile]) -> None:
        finished = sum(line.get("size", 0) for line in self._journal.finished.values())
        busy = self._processes.busy
        total = finished + sum(file.size for file, _, _ in busy) + sum(file.size for file in waiting)
        rows = sum(line["rows"] for line in self._done.values()) + sum(rows for _, _, rows in busy)
        progress(finished + int(sum(file.size * part for file, part, _ in busy)), total, rows)

    def _entry(self, name: str) -> dict[str, Any]:
        line = self._done[name]
        counts = {key: line[key] for key in ("output", "rows", "refused", "skipped", "seconds")}
        return {"input": name, **counts, "resumed": name in self._resumed}

    def _summary(self, seconds: float) -> FolderSummary:
        lines = sorted(self._done.items())
        problems = [{"input": name, **problem} for name, line in lines for problem in line["problems"]]
        return FolderSummary(
            rows=sum(line["rows"] for _, line in lines),
            refused=sum(line["refused"] for _, line in lines),
            skipped=sum(line["skipped"] for _, line in lines),
            problems=problems[:MAX_LISTED],
            cautions={name: item.as_dict() for name, item in sorted(self._cautions.items()) if item},
            seconds=seconds,
            output=str(self._settings.output),
            files=[self._entry(name) for name, _ in lines],
            failed=[_failure(name, error) for name, (_, error) in sorted(self._failed.items())],
        )


def _failure(name: str, error: SealiftError) -> dict[str, Any]:
    return {"input": name, "error": error.as_dict()}
