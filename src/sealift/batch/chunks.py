"""What every kind of table file looks like from inside: records in chunks, answers out in columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from sealift.contract import Problem
from sealift.errors import FileError

Kind: TypeAlias = Literal["csv", "jsonl", "parquet", "xlsx"]

# Bounds what a chunk holds, whatever the file: this many cells, and for text this many bytes.
# 4096 rows of 30 columns fit a processor's cache, which makes reading cells twice as fast as 16384 do.
MAX_ROWS = 4096
MAX_CELLS = 2_000_000
MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class Chunk:
    """Some records in a row.

    Attributes:
        count: the records, those that could not be read included.
        columns: column name → the values of the sound records.
        cells: whether the values are cells of text, to be read by the dtype of their field; `some`: only those
            values that are text. Arrays of numbers are read already.
        sound: the positions of the sound records in the chunk, None when all are.
        faults: what is wrong with the others, with row numbers counted from the file's first record.
    """

    count: int
    columns: Mapping[str, Sequence[Any] | npt.NDArray[Any]]
    cells: Literal["none", "all", "some"] = "none"
    sound: npt.NDArray[np.intp] | None = None
    faults: Sequence[Problem] = ()


class Reader(Protocol):
    """An open table.

    Attributes:
        names: the columns; for JSON Lines those of the first records.
        skipped: the wholly empty records after the last other one, once all were read. Those before it are bad
            rows (R107), so that the rows of answers stay beside the records they belong to.
        arrow_types: column name → pyarrow type where the file has them.
    """

    names: list[str]
    skipped: int
    arrow_types: Mapping[str, Any]

    def chunks(self, names: Sequence[str], rows: int, numbers: Collection[str] = ()) -> Iterator[Chunk]:
        """The columns `names` of all records, at most `rows` at a time.

        Cells of the columns `numbers` may come as float64 arrays, read as `contract.read_column` reads numbers.
        """
        ...

    def done(self) -> tuple[int, int]:
        """How much was read, of how much; (n, 0) when the whole is not known."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


@dataclass(frozen=True)
class OutputColumn:
    """A column of answers: its name, its dtype (`any` for kept columns), and a pyarrow type where one is known."""

    name: str
    dtype: Literal["float64", "int64", "bool", "string", "any"]
    arrow_type: Any = field(default=None, compare=False)


class Writer(Protocol):
    """A table being written."""

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Append rows, given as columns of equal length; None where there is no answer."""
        ...

    def close(self) -> None:
        """Finish the file; the stream stays open."""
        ...

    def abandon(self) -> None:
        """Give up an unfinished file: remove temporary files, and leave the stream open."""
        ...


@runtime_checkable
class Renderer(Writer, Protocol):
    """A writer whose rows become text apart from writing, so that other threads can do it."""

    def rendered(self, columns: Sequence[Sequence[Any] | npt.NDArray[Any]]) -> bytes:
        """The rows as `append` takes them. Threads may ask at once."""
        ...

    def append(self, rows: bytes) -> None:
        """Write rows that were rendered."""
        ...


OpenReader: TypeAlias = Callable[[IO[bytes], str], Reader]
OpenWriter: TypeAlias = Callable[[IO[bytes], Sequence[OutputColumn], str], Writer]


def blank(row: int) -> Problem:
    """The problem of a record whose every cell is empty."""
    return Problem(row, "", "R107", "The record is empty.")


def rows_per_chunk(columns: int, wanted: int | None) -> int:
    """How many rows to hold at once, so that wide tables need no more memory than narrow ones."""
    return max(1, min(wanted or MAX_ROWS, MAX_CELLS // max(columns, 1)))


def malformed(what: str, where: str, fix: str) -> FileError:
    """E404."""
    return FileError("E404", what, where=where, fix=fix)


def size_of(stream: IO[bytes]) -> int:
    """The file's size, or 0 for a pipe."""
    if not stream.seekable():
        return 0
    here = stream.tell()
    end = stream.seek(0, 2)
    stream.seek(here)
    return end
