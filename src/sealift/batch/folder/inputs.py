"""The input files of a run over folders: which there are, which are whole, and the names of their outputs."""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealift import files
from sealift.batch.chunks import Kind
from sealift.batch.folder.settings import FolderSettings
from sealift.batch.kinds import SUFFIXES
from sealift.batch.parquet_footer import read_footer
from sealift.batch.thrift import ThriftError
from sealift.errors import FileError, ServeError

_SUFFIX: dict[Kind, str] = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet", "xlsx": ".xlsx"}


@dataclass(frozen=True)
class InputFile:
    """A file with rows.

    Attributes:
        path: the file.
        name: its path relative to the folder in which it was found, with slashes.
        size: its size in bytes.
        changed: the time of its last change, in nanoseconds since 1970.
    """

    path: Path
    name: str
    size: int
    changed: int

    def output_name(self, kind: Kind | None) -> str:
        """Its name as an output, relative to the folder of outputs; the suffix of another kind is appended."""
        suffix = self.path.suffix.lower()
        wanted = _SUFFIX[kind or SUFFIXES[suffix]]
        return self.name if suffix == wanted else self.name + wanted


def check_places(settings: FolderSettings) -> None:
    """Raise FileError E401 for an input that is missing, ServeError E788 where an output could replace an input."""
    output = settings.output.resolve()
    for path in settings.inputs:
        try:
            path.stat()
        except (OSError, ValueError) as error:
            raise files.unreadable(path, error) from None
        folder = (path if files.is_folder(path) else path.parent).resolve()
        if folder == output or output in folder.parents:
            raise ServeError(
                "E788", "The outputs would be among the inputs.", where=str(settings.output), fix="Use another folder."
            )


def find(settings: FolderSettings) -> list[InputFile]:
    """The files, sorted by name. Those with an unknown suffix or a hidden name are left out in folders.

    Raises:
        FileError: E403 for an input file with an unknown suffix.
    """
    inputs = sorted(_files_of(settings), key=lambda each: each.name)
    return list({each.path: each for each in inputs}.values())


def collisions(inputs: Sequence[InputFile], kind: Kind | None) -> dict[Path, ServeError]:
    """The files whose output is also that of another file before them: path → the error E788."""
    outputs: dict[str, InputFile] = {}
    errors: dict[Path, ServeError] = {}
    for each in inputs:
        name = each.output_name(kind)
        other = outputs.setdefault(name, each)
        if other is not each:
            errors[each.path] = ServeError(
                "E788",
                f"The output {name!r:.200} is already that of {other.path}.",
                where=str(each.path),
                fix="Rename the file, or predict it into another folder.",
            )
    return errors


def _files_of(settings: FolderSettings) -> Iterator[InputFile]:
    output = settings.output.resolve()
    for place in settings.inputs:
        if not files.is_folder(place):
            if place.suffix.lower() not in SUFFIXES:
                known = ", ".join(SUFFIXES)
                raise FileError(
                    "E403",
                    f"The suffix {place.suffix!r:.20} is not that of a known kind of table.",
                    where=str(place),
                    fix=f"Use one of {known}.",
                )
            yield from _file(place, place.name)
            continue
        for folder, inner, names in os.walk(place):
            inner[:] = sorted(
                name for name in inner if not name.startswith(".") and Path(folder, name).resolve() != output
            )
            for name in names:
                path = Path(folder, name)
                if not name.startswith((".", "~$")) and path.suffix.lower() in SUFFIXES:
                    yield from _file(path, path.relative_to(place).as_posix())


def _file(path: Path, name: str) -> Iterator[InputFile]:
    try:
        status = path.stat()
    except OSError:  # it was removed meanwhile, or is a dangling link
        return
    if path.is_file():
        yield InputFile(path, name, status.st_size, status.st_mtime_ns)


class Settled:
    """Which files are whole: they did not change for some seconds, and end as their kind ends."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: dict[Path, tuple[int, int, float]] = {}

    def whole(self, file: InputFile) -> bool:
        """Whether a file is whole. To be called again and again; the first call only takes note of it."""
        now = time.monotonic()
        size, changed, since = self._seen.get(file.path, (-1, -1, now))
        if (size, changed) != (file.size, file.changed):
            self._seen[file.path] = (file.size, file.changed, now)
            return False
        return now - since >= self._seconds and file.size > 0 and _complete(file)


def _complete(file: InputFile) -> bool:
    """Whether the end of a file is that of its kind; text files have none."""
    kind = SUFFIXES[file.path.suffix.lower()]
    try:
        if kind == "parquet":
            with file.path.open("rb") as stream:
                read_footer(stream, file.size)
        return kind != "xlsx" or zipfile.is_zipfile(file.path)
    except (ThriftError, OSError):
        return False
