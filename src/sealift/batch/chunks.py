"""The interface of readers and writers of table files: records in chunks, answers in columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from sealift.contract import Problem
from sealift.errors import FileError

Kind: TypeAlias = Literal["csv", "jsonl", "parquet", "xlsx"]

# The maximum size of a chunk in rows, cells and, for text, bytes.
# 4096 rows of 30 columns fit into a processor's cache, which makes reading cells twice as fast as with 16384 rows.
MAX_ROWS = 4096
MAX_CELLS = 2_000_000
MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class Chunk:
    """Consecutive records of a file.

    Attributes:
        count: the number of records, including unreadable ones.
        columns: column name → the values of the readable records.
        cells: whether the values are cells of text, which are parsed by the dtype of their field; with `some`, only
            those values that are strings. Arrays of numbers are parsed already.
        sound: the positions of the readable records in the chunk, None when all are.
        faults: the problems of the other records, with row numbers counted from the file's first record.
        notes: what is to be said about how readable records were read, with the name of the field of each.
    """

    count: int
    columns: Mapping[str, Sequence[Any] | npt.NDArray[Any]]
    cells: Literal["none", "all", "some"] = "none"
    sound: npt.NDArray[np.intp] | None = None
    faults: Sequence[Problem] = ()
    notes: Sequence[tuple[str, str]] = ()


class Reader(Protocol):
    """An open table.

    Attributes:
        names: the columns; for JSON Lines those of the first records.
        skipped: the number of empty records at the end, once all were read. Other empty records are bad rows (R107), so
            that each row of the answers belongs to the record with the same number.
        arrow_types: column name → pyarrow type, where the file has them.
    """

    names: list[str]
    skipped: int
    arrow_types: Mapping[str, Any]

    def chunks(self, names: Sequence[str], rows: int, numbers: Collection[str] = ()) -> Iterator[Chunk]:
        """Yield the columns `names` of all records, at most `rows` at a time.

        The columns `numbers` may be float64 arrays, parsed as by `contract.read_column`.
        """
        ...

    def done(self) -> tuple[int, int]:
        """The amount read and the total amount; the total is 0 when it is not known."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


@dataclass(frozen=True)
class OutputColumn:
    """A column of the output: its name, its dtype (`any` for kept columns), and its pyarrow type if known."""

    name: str
    dtype: Literal["float64", "int64", "bool", "string", "any"]
    arrow_type: Any = field(default=None, compare=False)


class Writer(Protocol):
    """A table being written."""

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Append rows, as columns of equal length; None where there is no answer."""
        ...

    def close(self) -> None:
        """Finish the file; the stream stays open."""
        ...

    def abandon(self) -> None:
        """Remove temporary files of an unfinished table; the stream stays open."""
        ...


@runtime_checkable
class Renderer(Writer, Protocol):
    """A writer that renders rows as text separately from writing them, so that other threads can do it."""

    def rendered(self, columns: Sequence[Sequence[Any] | npt.NDArray[Any]]) -> bytes:
        """Render rows for `append`. May be called by several threads at the same time."""
        ...

    def append(self, rows: bytes) -> None:
        """Write rendered rows."""
        ...


OpenReader: TypeAlias = Callable[[IO[bytes], str], Reader]
OpenWriter: TypeAlias = Callable[[IO[bytes], Sequence[OutputColumn], str], Writer]


def blank(row: int) -> Problem:
    """The problem of an empty record."""
    return Problem(row, "", "R107", "The record is empty.")


def rows_per_chunk(columns: int, wanted: int | None) -> int:
    """The number of rows in a chunk, so that wide tables need no more memory than narrow ones."""
    return max(1, min(wanted or MAX_ROWS, MAX_CELLS // max(columns, 1)))


def malformed(what: str, where: str, fix: str) -> FileError:
    """The error E404."""
    return FileError("E404", what, where=where, fix=fix)


def size_of(stream: IO[bytes]) -> int:
    """The file's size, or 0 for a pipe."""
    if not stream.seekable():
        return 0
    here = stream.tell()
    end = stream.seek(0, 2)
    stream.seek(here)
    return end
