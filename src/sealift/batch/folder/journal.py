"""The journal of a run over folders: which files are finished, so that a later run leaves them out.

A line of JSON for each finished file, appended and flushed to the disk after the output has its final name. A process
that is killed in between leaves an output without a line; it is computed again, with the same result.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from sealift import files
from sealift.batch.folder.inputs import InputFile
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
        path = folder / NAME
        head = {"format": _FORMAT, "model": dict(model), "options": dict(options)}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._stream: IO[bytes] = path.open("a+b")
        except OSError as error:
            raise files.unwritable(path, error) from error
        try:
            if not files.hold(self._stream):
                raise ServeError(
                    "E786",
                    "Another process writes to the folder of outputs.",
                    where=str(folder),
                    fix="Wait until it has ended, or use another folder.",
                )
            self.finished = self._read(head)
        except BaseException:
            self._stream.close()
            raise

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
        self._append(line)
        self.finished[file.name] = line

    def close(self) -> None:
        """Let other processes write."""
        self._stream.close()

    def _read(self, head: dict[str, Any]) -> dict[str, dict[str, Any]]:
        self._stream.seek(0)
        data = self._stream.read()
        *lines, torn = data.split(b"\n")
        parsed = [line for line in map(_parsed, lines) if line is not None]
        if not parsed:
            self._stream.truncate(0)
            self._append(head)
            return {}
        if torn:  # the process that wrote it was killed
            self._stream.truncate(len(data) - len(torn))
        if parsed[0] != head:
            former = parsed[0].get("model")
            other = "other options" if former == head["model"] else f"another model: {_shown(former)}"
            raise ServeError(
                "E785",
                f"The folder of outputs holds those of {other}.",
                where=str(self._folder),
                fix=f"Use another folder, or delete this one with its file {NAME}.",
            )
        return {line["input"]: line for line in parsed[1:] if {"input", "output", "bytes"} <= line.keys()}

    def _append(self, line: dict[str, Any]) -> None:
        try:
            self._stream.write(json.dumps(line).encode() + b"\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise files.unwritable(self._folder / NAME, error) from error


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _shown(model: object) -> str:
    if not isinstance(model, dict):
        return "unknown"
    return f"{model.get('name')} {model.get('version')}, identity {str(model.get('identity'))[:12]}…"
