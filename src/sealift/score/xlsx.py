"""XLSX in and out, by openpyxl, row by row: the first sheet, typed cells; every text is written as text."""

from __future__ import annotations

import datetime
import math
import re
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import IO, Any

import numpy as np

from sealift.contract import Problem
from sealift.errors import FileError
from sealift.score.csv_out import as_text
from sealift.score.optional import need
from sealift.score.table import Chunk, Column, malformed

_MAX_ROWS = 1_048_576
_MAX_TEXT = 32_767
_INEXACT = 10**15  # spreadsheets keep 15 digits
# What XML cannot carry, or changes on the way; Excel writes it so too.
_UNSAID = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_FIX = "Open it in the spreadsheet program and save it again as .xlsx."


class XlsxReader:
    """An open workbook; its first sheet, whose first record is the header."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        """Read the header. Raises FileError E404, E405."""
        openpyxl = need("openpyxl", where)
        self._where = where
        self._stream = stream
        self.skipped = 0
        self.arrow_types: Mapping[str, Any] = {}
        with _understood(where), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and validations it does not know
            self._book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            if not self._book.worksheets:
                raise malformed("The workbook has no sheet.", where, _FIX)
            sheet = self._book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its size is often wrong
            self._records: Iterator[tuple[Any, ...]] = sheet.iter_rows(values_only=True)
            header = _trimmed(next((record for record in self._records if _any(record)), ()))
        if not header:
            raise malformed("The first sheet is empty.", where, "Put a header and one line for each row into it.")
        self.names: list[str] = ["" if name is None else str(as_text(name)) for name in header]
        self._rows = 0

    def chunks(self, names: Sequence[str], rows: int, numbers: Collection[str] = ()) -> Iterator[Chunk]:
        """The columns `names`. Raises FileError E404."""
        del numbers
        width = len(self.names)
        positions = [self.names.index(name) for name in names]
        while True:
            with _understood(self._where), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = list(islice(self._records, rows))
            if not found:
                return
            records = [record for record in found if _any(record)]
            self.skipped += len(found) - len(records)
            if records:
                yield _chunk(records, names, positions, width, self._rows + 1)
                self._rows += len(records)

    def done(self) -> tuple[int, int]:
        """Rows read; the whole is not known."""
        return self._rows, 0

    def close(self) -> None:
        """Close the workbook."""
        self._book.close()
        self._stream.close()


def _chunk(
    records: list[tuple[Any, ...]], names: Sequence[str], positions: Sequence[int], width: int, first: int
) -> Chunk:
    # A sheet has no record width of its own: cells that are not there are empty, cells beyond the header are faults.
    sound = [i for i, record in enumerate(records) if len(record) <= width or not _any(record[width:])]
    faults = [
        Problem(first + i, "", "R105", f"The record has {len(_trimmed(record))} cells, but the header has {width}.")
        for i, record in enumerate(records)
        if len(record) > width and _any(record[width:])
    ]
    good = [records[i] for i in sound] if faults else records
    columns = {
        name: [record[at] if at < len(record) else None for record in good]
        for name, at in zip(names, positions, strict=True)
    }
    return Chunk(
        len(records), columns, cells="some", sound=np.array(sound, dtype=np.intp) if faults else None, faults=faults
    )


def _any(record: Sequence[Any]) -> bool:
    return any(cell is not None and cell != "" for cell in record)


def _trimmed(record: Sequence[Any]) -> Sequence[Any]:
    """Without the empty cells at the end, which sheets have at random."""
    end = len(record)
    while end and (record[end - 1] is None or record[end - 1] == ""):
        end -= 1
    return record[:end]


class XlsxWriter:
    """Writes a workbook with one sheet; the rows go to disk as they come."""

    def __init__(self, stream: IO[bytes], columns: Sequence[Column], where: str) -> None:
        """Begin the workbook. Raises FileError E405."""
        openpyxl = need("openpyxl", where)
        self._cell_type = need("openpyxl.cell", where).WriteOnlyCell
        self._stream = stream
        self._where = where
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet("predictions")
        self._rows = 1
        self._sheet.append([self._cell(column.name) for column in columns])

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Append rows. Raises FileError E402 past what a sheet can hold."""
        for row in zip(*columns, strict=True):
            self._rows += 1
            if self._rows > _MAX_ROWS:
                raise self._full(f"a sheet holds {_MAX_ROWS:,} rows")
            self._sheet.append([self._cell(value) for value in row])

    def close(self) -> None:
        """Put the workbook together; the stream stays open."""
        self._book.save(self._stream)

    def abandon(self) -> None:
        """Remove the sheet's temporary file, which holds rows."""
        with suppress(Exception):
            self._sheet.close()
        with suppress(Exception):
            self._sheet._writer.cleanup()

    def _cell(self, value: object) -> object:
        if isinstance(value, float) and not math.isfinite(value):
            value = as_text(value)
        if isinstance(value, datetime.datetime) and value.tzinfo is not None:
            value = value.isoformat()  # a sheet has no time zones
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _INEXACT:
            value = str(value)  # a spreadsheet would show another number
        if value is None or isinstance(value, bool | int | float | datetime.date | datetime.time):
            return value
        text = str(as_text(value))
        if len(text) > _MAX_TEXT:
            raise self._full(f"a cell holds {_MAX_TEXT:,} characters")
        # Set past the guessing, a text is never a formula or an error value, whatever it looks like.
        cell = self._cell_type(self._sheet, value="")
        cell.data_type = "s"
        cell._value = _UNSAID.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
        return cell

    def _full(self, why: str) -> FileError:
        return FileError(
            "E402",
            f"The answers do not fit into a workbook: {why}.",
            where=self._where,
            fix="Write them as .csv or .parquet.",
        )


@contextmanager
def _understood(where: str) -> Iterator[None]:
    """Turn what openpyxl raises on a file that is none of its own into E404."""
    try:
        yield
    except (FileError, MemoryError):
        raise
    except Exception as error:  # openpyxl has no error of its own for damage: it fails wherever the damage shows
        reason = "it is no ZIP archive" if isinstance(error, zipfile.BadZipFile) else str(error)[:200]
        raise malformed(f"The file is not an XLSX workbook: {reason}.", where, _FIX) from None
