"""Picture files as a table: a row for each file, with the name of the file as a column."""

from __future__ import annotations

import dataclasses
import glob
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift import files
from sealift.batch.chunks import Chunk
from sealift.batch.picture_journal import PictureJournal, State, state_of
from sealift.contract import Contract
from sealift.errors import ContractError, FileError

AT_ONCE = 32
"""The maximum number of pictures in a chunk."""

FILE = "file"
"""The name of the column with the names of files."""


@dataclass(frozen=True)
class PictureChunk(Chunk):
    """Consecutive pictures.

    Attributes:
        paths: their files.
        states: the states of the files before they are read, for a journal.
        line: what the journal says about these pictures; None where they are to be predicted.
    """

    paths: Sequence[Path] = ()
    states: Sequence[State] = ()
    line: Mapping[str, Any] | None = None


class PictureFiles:
    """A table of picture files, with the columns of one field and `file`.

    Attributes:
        names, skipped, arrow_types: as of `Reader`.
        name: what the table is called in messages.
        journal: where there is one, its chunks are given with their lines.
    """

    def __init__(self, field: str, paths: Sequence[Path], name: str) -> None:
        self.names = [field, FILE]
        self.skipped = 0
        self.arrow_types: Mapping[str, Any] = {}
        self.name = name
        self.journal: PictureJournal | None = None
        self._field, self._paths, self._read = field, paths, 0

    @classmethod
    def of(cls, contract: Contract, places: Sequence[str | Path], output: Path | None = None) -> PictureFiles:
        """The files at these places: files, folders with all they contain, and patterns such as `scans/*.png`.

        The file `output` is left out.

        Raises:
            ContractError: E104 for a model that does not take one picture in each row.
            FileError: E410 where there is no file.
        """
        names = picture_fields(contract)
        if len(contract.inputs) != 1 or not names:
            raise ContractError(
                "E104",
                "The model has other inputs than one picture.",
                fix="Give a table with a column for each input, and the names of the pictures in one of them.",
            )
        listed = ", ".join(map(str, places))
        paths = files_beside(output, places)
        if not paths:
            raise FileError("E410", "There are no picture files.", where=listed, fix="Check the folder or the pattern.")
        return cls(names[0], paths, listed)

    def chunks(self, names: Sequence[str], rows: int, numbers: Collection[str] = ()) -> Iterator[Chunk]:
        """As of `Reader`; the pictures are paths, which the stage of the model opens."""
        del names, numbers
        size, start = min(rows, AT_ONCE), 0
        while start < len(self._paths):
            finished = self._finished(start)
            stop = start + finished
            if not finished:
                stop = min(start + size, len(self._paths))
                stop = next((at for at in range(start + 1, stop) if self._finished(at)), stop)
            part = self._paths[start:stop]
            line = self.journal.line_of(part[0]) if self.journal is not None and finished else None
            states = [state_of(path) for path in part] if self.journal is not None else ()
            columns = {self._field: part, FILE: [files.as_text(path) for path in part]}
            start = self._read = stop
            yield PictureChunk(len(part), columns, paths=part, states=states, line=line)

    @property
    def paths(self) -> Sequence[Path]:
        """The files, in the order of the rows."""
        return self._paths

    def done(self) -> tuple[int, int]:
        """The number of files read, and of all files."""
        return self._read, len(self._paths)

    def close(self) -> None:
        """Nothing is open."""

    def _finished(self, start: int) -> int:
        """The number of pictures in the finished chunk that begins here, 0 without one."""
        return 0 if self.journal is None else self.journal.finished(self._paths, start)


def picture_fields(contract: Contract) -> list[str]:
    """The names of the fields that hold pictures."""
    return [field.name for field in contract.inputs if field.type.feeds == "stage"]


def with_files(chunks: Iterable[Chunk], contract: Contract, folder: Path) -> Iterator[Chunk]:
    """Chunks of a table whose cells name picture files, relative to `folder`; `data:` URIs are kept."""
    names = picture_fields(contract)
    for chunk in chunks:
        columns = dict(chunk.columns)
        for name in names:
            columns[name] = [
                folder / cell if isinstance(cell, str) and cell.strip() and not cell.startswith("data:") else cell
                for cell in columns[name]
            ]
        yield dataclasses.replace(chunk, columns=columns, cells="some" if chunk.cells == "all" else chunk.cells)


def files_beside(output: Path | None, places: Sequence[str | Path]) -> list[Path]:
    """The files at places (`files_at`) without the file of the answers, which may be in the same folder."""
    paths = files_at(places)
    if output is None:
        return list(paths)
    return [path for path in paths if path.name != output.name or path.resolve() != output.resolve()]


def files_at(places: Sequence[str | Path]) -> Iterator[Path]:
    """The files at places: files, also ones that do not exist, all files in folders, and those of patterns."""
    for place in places:
        path = Path(place)
        if os.path.isdir(path):  # noqa: PTH112 -- `Path.is_dir` raises for a name that is too long
            yield from sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
        elif os.path.exists(path) or not glob.has_magic(str(place)):  # noqa: PTH110
            yield path  # one that does not exist is a problem of its row
        else:
            # `Path.glob` takes no absolute patterns.
            matching = map(Path, glob.glob(str(place), recursive=True))  # noqa: PTH207
            yield from sorted(each for each in matching if each.is_file())
