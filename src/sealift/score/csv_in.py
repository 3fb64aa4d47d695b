"""CSV in (spec/CONTRACT.md §4), by the standard library."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import IO, Any

import numpy as np

from sealift.contract import Problem
from sealift.score.table import MAX_BYTES, Chunk, malformed, size_of

_MAX_CELL = 1 << 20
_MAX_HEADER = 1 << 22
_STEP = 1024
_SAVE_AGAIN = 'Save it again as "CSV UTF-8" from the program it came from.'
_QUOTED = re.compile(r'"[^"]*"')


class CsvReader:
    """An open CSV file; the header is read and checked for form."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        """Read the header. Raises FileError E404."""
        # The module's limit is the process's; it is only ever raised, to what the contract permits in a cell.
        csv.field_size_limit(max(csv.field_size_limit(), _MAX_CELL))
        self._where = where
        self._stream = stream
        self._size = size_of(stream)
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        self.skipped = 0
        self.arrow_types: Mapping[str, Any] = {}
        with _understood(where):
            opening = self._opening()
            separator = separator_of("".join(opening))
            self._records = csv.reader(chain(opening, self._text), delimiter=separator, strict=True)
            self.names: list[str] = next((record for record in self._records if any(record)), [])
        if not self.names:
            raise malformed("The file is empty.", where, "Give a CSV file with a header and one line for each row.")

    def chunks(self, names: Sequence[str], rows: int) -> Iterator[Chunk]:
        """The columns `names` as cells of text. Raises FileError E404."""
        width = len(self.names)
        positions = [self.names.index(name) for name in names]
        first = 1
        while True:
            with _understood(self._where, self._records):
                records, ended = self._some(rows)
            if records:
                yield _chunk(records, names, positions, width, first)
                first += len(records)
            if ended:
                return

    def done(self) -> tuple[int, int]:
        """Bytes read, of how many."""
        return (self._stream.tell() if self._size else 0), self._size

    def close(self) -> None:
        """Close the file."""
        self._text.close()

    def _opening(self) -> list[str]:
        """The lines up to the end of the header: the separator is found there."""
        lines: list[str] = []
        text = ""
        while len(text) < _MAX_HEADER:
            line = self._text.readline(_MAX_HEADER)
            lines.append(line)
            text += line
            if not line or (text.strip() and text.count('"') % 2 == 0):
                break
        return lines

    def _some(self, rows: int) -> tuple[list[list[str]], bool]:
        """At most `rows` records without the empty ones, fewer where they are long; and whether the file ended."""
        records: list[list[str]] = []
        begun = self._stream.tell() if self._size else 0
        while len(records) < rows:
            found = list(islice(self._records, min(_STEP, rows - len(records))))
            if not found:
                return records, True
            kept = [record for record in found if any(record)]
            self.skipped += len(found) - len(kept)
            records += kept
            if self._size and self._stream.tell() - begun > MAX_BYTES:
                break
        return records, False


def separator_of(header: str) -> str:
    """Comma, or semicolon or tab where the header has more of them outside quotes."""
    bare = _QUOTED.sub("", header.lstrip())
    commas, semicolons, tabs = (bare.count(char) for char in ",;\t")
    if semicolons > commas and semicolons >= tabs:
        return ";"
    return "\t" if tabs > commas else ","


def _chunk(records: list[list[str]], names: Sequence[str], positions: Sequence[int], width: int, first: int) -> Chunk:
    count, sound, faults = len(records), None, []
    if set(map(len, records)) != {width}:
        faults = [
            Problem(first + i, "", "R105", f"The record has {len(record)} cells, but the header has {width}.")
            for i, record in enumerate(records)
            if len(record) != width
        ]
        sound = np.array([i for i, record in enumerate(records) if len(record) == width], dtype=np.intp)
        records = [record for record in records if len(record) == width]
    cells = list(zip(*records, strict=True)) or [()] * width
    columns = {name: cells[position] for name, position in zip(names, positions, strict=True)}
    return Chunk(count, columns, cells="all", sound=sound, faults=faults)


@contextmanager
def _understood(where: str, records: Any = None) -> Iterator[None]:
    """Turn what the decoder and the csv module raise into E404."""
    try:
        yield
    except UnicodeDecodeError:
        raise malformed("The file is not UTF-8 text.", _line(where, records), _SAVE_AGAIN) from None
    except csv.Error as error:
        reason = "a quoted cell is never closed" if "end of data" in str(error) else str(error)
        what = f"The file is not CSV as RFC 4180 describes it: {reason}."
        raise malformed(what, _line(where, records), _SAVE_AGAIN) from None


def _line(where: str, records: Any) -> str:
    return f"{where}, line {records.line_num}" if records else where
