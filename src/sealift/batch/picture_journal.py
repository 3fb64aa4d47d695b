"""The journal of a run over pictures with one file of answers, so that an interrupted run goes on.

The file of answers gets its name when it is complete. Until then the answers of each chunk of pictures are a line in a
hidden file beside it. A run of the same model to the same file takes the answers of a chunk from there if its pictures
follow each other in the same order and none of them changed. A complete run deletes the journal.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.batch.chunk_answers import ChunkAnswers
from sealift.batch.journal_file import JournalFile
from sealift.contract import Cautions, Problem

if TYPE_CHECKING:
    from sealift.runtime import SealedModel

_FORMAT = 1
_LONGEST = 200  # bytes of a name; file systems permit 255
State: TypeAlias = "tuple[int, int, int] | None"
"""The size of a file, the time of its last change and that of the last change of its attributes; None without one."""


def journal_of(output: Path) -> Path:
    """The journal of a file of answers."""
    name = output.name
    if len(os.fsencode(name)) > _LONGEST:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return output.with_name(f".sealift-{name}.jsonl")


class PictureJournal:
    """The journal of a file of answers, which one process may write at a time."""

    def __init__(self, output: Path, model: SealedModel) -> None:
        """Open or begin the journal; one of another model is replaced.

        Raises:
            ServeError: E786 where another process writes to this file of answers.
            FileError: E402.
        """
        stated = {"name": model.name, "version": model.version, "identity": model.identity}
        head = {"format": _FORMAT, "model": stated, "output": output.name}
        self._file = JournalFile(journal_of(output), head, output)
        if self._file.former is not None:
            self._file.begin()
        self._chunks: dict[str, tuple[int, list[Any]]] = {}
        for position, line in self._file.lines():
            self._chunks[line["files"][0][0]] = position, line["files"]
        self._noted = bool(self._chunks)

    def __enter__(self) -> PictureJournal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if error is None or not self._noted:
            self._file.path.unlink(missing_ok=True)

    def finished(self, paths: Sequence[Path], start: int) -> int:
        """The number of pictures in a finished chunk that begins at `paths[start]`, 0 if there is none."""
        _, files = self._chunks.get(str(paths[start]), (0, []))
        following = paths[start : start + len(files)]
        if len(following) < len(files):
            return 0
        for path, (name, *state) in zip(following, files, strict=True):
            if str(path) != name or state_of(path) != tuple(state):
                return 0
        return len(files)

    def line_of(self, path: Path) -> Mapping[str, Any]:
        """The line of the finished chunk that begins with a picture."""
        return self._file.line_at(self._chunks[str(path)][0])

    def add(self, line: Mapping[str, Any]) -> None:
        """Note that a chunk is finished. Raises FileError E402."""
        self._file.append(line)
        self._noted = True


def state_of(path: Path) -> State:
    """The state of a picture file."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def line_of_answers(
    paths: Sequence[Path], states: Sequence[State], answers: ChunkAnswers, kept: int
) -> dict[str, Any] | None:
    """The line of a chunk with `kept` copied columns; None if one of its files was missing.

    A file that is missing may be there when the run goes on.
    """
    files: list[list[Any]] = []
    for path, state in zip(paths, states, strict=True):
        if state is None:
            return None
        files.append([str(path), *state])
    first = answers.columns[0][0]
    columns = [each.tolist() if isinstance(each, np.ndarray) else each for each in answers.columns[1 + kept :]]
    return {
        "files": files,
        "columns": columns,
        "refused": answers.refused,
        "problems": [problem.as_dict() | {"row": problem.row - first} for problem in answers.problems],
        "cautions": [vars(item) for item in answers.cautions],
    }


def answers_of_line(
    line: Mapping[str, Any], kept: Sequence[Sequence[Any] | npt.NDArray[Any]], first: int
) -> ChunkAnswers:
    """The answers of a finished chunk whose first row has the number `first`."""
    count = len(line["files"])
    problems = [Problem(**{**problem, "row": problem["row"] + first}) for problem in line["problems"]]
    cautions = [Cautions(**item) for item in line["cautions"]]
    columns = [range(first, first + count), *kept, *line["columns"]]
    return ChunkAnswers(columns, count, line["refused"], problems, cautions, resumed=True)
