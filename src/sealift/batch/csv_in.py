"""Read CSV (spec/CONTRACT.md §4), by the standard library, and simple blocks by pyarrow or NumPy."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from typing import IO, Any

import numpy as np

from sealift.batch.chunks import MAX_BYTES, Chunk, blank, malformed, size_of
from sealift.batch.csv_blocks import LineBlocks, line_count
from sealift.batch.csv_numbers import NumberBlocks
from sealift.contract import Problem

_MAX_CELL = 1 << 20
_MAX_HEADER = 1 << 22
_MAX_RECORD = 1 << 24
_MAX_CELLS = 1 << 20
_WORTH = 8 << 20  # for smaller files, importing pyarrow takes longer than reading without it
_SAVE_AGAIN = 'Save it again as "CSV UTF-8" in the program that made it.'
_QUOTED = re.compile(r'"[^"]*"')


class CsvReader:
    """An open CSV file."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        """Read the header. Raises FileError E404."""
        # The limit of the csv module is global; it is only raised, to the limit of the contract.
        csv.field_size_limit(max(csv.field_size_limit(), _MAX_CELL))
        self._where = where
        self._stream = stream
        self._size = size_of(stream)
        self._lines = 0  # before the current csv reader
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        self.skipped = 0
        self.arrow_types: Mapping[str, Any] = {}
        with _as_e404(where):
            self._opening = self._read_opening()
            self._separator = separator_of(self._opening)
            self._records = self._parse(chain(io.StringIO(self._opening, newline=""), self._endless(self._text)))
            self.names: list[str] = next((record for record in self._records if any(record)), [])
        if not self.names:
            raise malformed("The file is empty.", where, "Give a CSV file with a header and one line for each row.")

    def chunks(self, names: Sequence[str], rows: int, numbers: Collection[str] = ()) -> Iterator[Chunk]:
        """The columns `names` as cells of text; `numbers` may be arrays. Raises FileError E404."""
        wanted = {name: self.names.index(name) for name in names}
        first = 1
        for chunk in chain(self._fast(wanted, rows, numbers), self._slow(wanted, rows)):
            # The row numbers are known only here.
            faults = [Problem(first + fault.row, fault.field, fault.code, fault.message) for fault in chunk.faults]
            yield Chunk(chunk.count, chunk.columns, "all", chunk.sound, faults)
            first += chunk.count
        self.skipped = self._records.blank

    def done(self) -> tuple[int, int]:
        """The bytes read and their total number."""
        return (self._stream.tell() if self._size else 0), self._size

    def close(self) -> None:
        """Close the file."""
        with suppress(ValueError):  # detached while `_fast` reads blocks
            self._text.close()
        self._stream.close()

    def _read_opening(self) -> str:
        """The text up to the end of the header, from which the separator is detected."""
        text = ""
        while len(text) < _MAX_HEADER:
            line = self._text.readline(_MAX_HEADER)
            text += line
            if not line or (text.strip() and text.count('"') % 2 == 0):
                break
        return text

    def _parse(self, lines: Iterable[str], blank: int = 0) -> _Records:
        return _Records(lines, self._separator, blank)

    def _fast(self, wanted: dict[str, int], rows: int, numbers: Collection[str]) -> Iterator[Chunk]:
        """Blocks of whole lines up to the first with a quote or a lone CR; the rest is left to `_slow`."""
        plain = self._plain(wanted, numbers)
        if plain is None:
            return
        mark = b"\xef\xbb\xbf"
        self._lines = self._opening.count("\n")
        self._text.detach()
        self._stream.seek(0)
        start = len(self._opening.encode()) + len(mark) * (self._stream.read(3) == mark)
        blocks = LineBlocks(self._stream)
        while (block := blocks.read(start)) is not None:
            after = self._stream.tell()
            newlines, lines = line_count(block)
            # Empty records are counted one by one.
            read = None if self._records.blank else plain.columns(block)
            if read is not None and read[0] != lines:
                read = None
            if read is None:
                with _as_e404(self._where, self):
                    text = str(block, "utf-8")
                    self._records = self._parse(io.StringIO(text, newline=""), self._records.blank)
                yield from self._slow(wanted, rows)
            else:
                count, columns = read
                for at in range(0, count, rows):
                    yield Chunk(min(rows, count - at), {name: v[at : at + rows] for name, v in columns.items()})
            self._lines += newlines
            start = after
        self._stream.seek(start)
        self._text = io.TextIOWrapper(self._stream, encoding="utf-8", newline="")
        self._records = self._parse(self._endless(self._text), self._records.blank)

    @staticmethod
    def _endless(text: IO[str]) -> Iterator[str]:
        """The lines, cut off where they exceed the limit of a record."""
        return iter(lambda: text.readline(_MAX_RECORD + 1), "")

    def _plain(self, wanted: dict[str, int], numbers: Collection[str]) -> Any:
        if not numbers or not self._size:
            return None
        header: list[str] = next((r for r in self._parse(io.StringIO(self._opening, newline="")) if any(r)), [])
        if header != self.names or "\r" in self._opening.replace("\r\n", ""):
            return None
        if self._size >= _WORTH:
            with suppress(ImportError):
                from sealift.batch.csv_fast import ArrowBlocks

                return ArrowBlocks(len(self.names), wanted, numbers, self._separator)
        return NumberBlocks(len(self.names), wanted, self._separator) if wanted.keys() <= set(numbers) else None

    def _slow(self, wanted: dict[str, int], rows: int) -> Iterator[Chunk]:
        while True:
            with _as_e404(self._where, self):
                records, ended = self._some(rows)
            if records:
                yield _chunk(records, wanted, len(self.names))
            if ended:
                return

    def _some(self, rows: int) -> tuple[list[list[str]], bool]:
        """At most `rows` records, `[]` for an empty one, fewer where they are long; and whether the text has ended."""
        records: list[list[str]] = []
        begun = self._records.characters
        while len(records) < rows and self._records.characters - begun <= MAX_BYTES:
            following = self._records.take(rows - len(records))
            if not following:
                return records, True
            records += following
        return records, False

    @property
    def line(self) -> int:
        """The number of the last line read."""
        return self._lines + self._records.line_num


class _Records(Iterator[list[str]]):
    """The records of `lines`.

    Attributes:
        characters: the number of characters read so far.
        blank: the number of empty records since the last other one.
    """

    def __init__(self, lines: Iterable[str], separator: str, blank: int = 0) -> None:
        self.characters = 0
        self.blank = blank
        self._held: list[str] | None = None  # the record after `blank` empty ones
        self._lines = iter(lines)
        self._before = 0  # characters before the current record
        self._reader = csv.reader(self._counted(), delimiter=separator, strict=True)

    def __next__(self) -> list[str]:
        """The next record. Raises csv.Error where it is too long."""
        record = next(self._reader)
        self._before = self.characters
        if len(record) > _MAX_CELLS:
            raise csv.Error(f"a record has {len(record):,} cells")
        return record

    def take(self, count: int) -> list[list[str]]:
        """At most `count` records, fewer where they are long; none at the end. `[]` for an empty one before another."""
        records: list[list[str]] = []
        begun = self.characters
        while len(records) < count and self.characters - begun <= MAX_BYTES:
            record = self._held or next(self, None)
            if record is None:
                break
            if not any(record):
                self.blank += 1
            elif self.blank:
                some = min(self.blank, count - len(records))
                records += [[]] * some
                self.blank -= some
                self._held = record
            else:
                self._held = None
                records.append(record)
        return records

    @property
    def line_num(self) -> int:
        """The number of lines read so far."""
        return int(self._reader.line_num)

    def _counted(self) -> Iterator[str]:
        for line in self._lines:
            self.characters += len(line)
            if self.characters - self._before > _MAX_RECORD:
                raise csv.Error(f"a record has more than {_MAX_RECORD >> 20} million characters")
            yield line


def separator_of(header: str) -> str:
    """Comma, or semicolon or tab where the header has more of them outside quotes."""
    bare = _QUOTED.sub("", header.lstrip("\r\n"))
    commas, semicolons, tabs = (bare.count(char) for char in ",;\t")
    if semicolons > commas and semicolons >= tabs:
        return ";"
    return "\t" if tabs > commas else ","


def _chunk(records: list[list[str]], wanted: Mapping[str, int], width: int) -> Chunk:
    count, sound, faults = len(records), None, []
    if set(map(len, records)) != {width}:
        faults = [
            Problem(i, "", "R105", f"The record has {len(record)} cells, but the header has {width}.")
            if record
            else blank(i)
            for i, record in enumerate(records)
            if len(record) != width
        ]
        sound = np.array([i for i, record in enumerate(records) if len(record) == width], dtype=np.intp)
        records = [record for record in records if len(record) == width]
    cells = list(zip(*records, strict=True)) or [()] * width
    return Chunk(count, {name: cells[at] for name, at in wanted.items()}, sound=sound, faults=faults)


@contextmanager
def _as_e404(where: str, reader: CsvReader | None = None) -> Iterator[None]:
    """Convert errors of the decoder and the csv module to E404."""
    try:
        yield
    except (UnicodeDecodeError, csv.Error) as error:
        place = f"{where}, line {reader.line}" if reader is not None else where
        if isinstance(error, UnicodeDecodeError):
            raise malformed("The file is not UTF-8 text.", place, _SAVE_AGAIN) from None
        reason = "a quoted cell is never closed" if "end of data" in str(error) else str(error)
        raise malformed(f"The file is not CSV by RFC 4180: {reason}.", place, _SAVE_AGAIN) from None
