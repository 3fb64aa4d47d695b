"""The journal of a run over folders: which files are finished, so that a later run leaves them out.

A line of JSON for each finished file, appended and flushed to the disk after the output has its final name. A process
that is killed in between leaves an output without a line; it is computed again, with the same result.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealift.batch.folder.inputs import InputFile
from sealift.batch.journal_file import JournalFile
from sealift.errors import ServeError

NAME = ".sealift-batch.jsonl"
_FORMAT = 1


class Journal:
    """The journal of a folder of outputs, which one process may write at a time.

    Attributes:
        finished: the name of an input → what its line says.
    """

    def __init__(self, folder: Path, model: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Open or begin the journal.

        Args:
            folder: the folder of the outputs.
            model: the name, version and identity of the model.
            options: the settings on which the contents of the outputs depend.

        Raises:
            ServeError: E785 where the outputs are of another model or other options, E786 where another process writes.
            FileError: E402.
        """
        self._folder = folder
        head = {"format": _FORMAT, "model": dict(model), "options": dict(options)}
        self._file = JournalFile(folder / NAME, head, folder)
        former = self._file.former
        if former is not None:
            self._file.close()
            stated = former.get("model")
            other = "other options" if stated == head["model"] else f"another model: {_shown(stated)}"
            raise ServeError(
                "E785",
                f"The folder of outputs holds those of {other}.",
                where=str(folder),
                fix=f"Use another folder, or delete this one with its file {NAME}.",
            )
        lines = [line for _, line in self._file.lines()]
        self.finished = {line["input"]: line for line in lines if {"input", "output", "bytes"} <= line.keys()}

    def output_of(self, file: InputFile) -> dict[str, Any] | None:
        """The line of a file that is finished: the file did not change since, and its output is there; else None."""
        line = self.finished.get(file.name)
        if line is None or (line.get("size"), line.get("changed")) != (file.size, file.changed):
            return None
        try:
            size = (self._folder / line["output"]).stat().st_size
        except OSError:
            return None
        return line if size == line["bytes"] else None

    def add(self, file: InputFile, line: dict[str, Any]) -> None:
        """Note that a file is finished. Raises FileError E402."""
        line = {"input": file.name, "size": file.size, "changed": file.changed, **line}
        self._file.append(line)
        self.finished[file.name] = line

    def close(self) -> None:
        """Let other processes write."""
        self._file.close()


def _shown(model: object) -> str:
    if not isinstance(model, dict):
        return "unknown"
    return f"{model.get('name')} {model.get('version')}, identity {str(model.get('identity'))[:12]}…"
