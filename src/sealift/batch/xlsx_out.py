"""Write XLSX by openpyxl, row by row; strings are never written as formulas."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

from sealift.batch.chunks import OutputColumn
from sealift.batch.csv_out import as_text
from sealift.errors import FileError
from sealift.optional import need

MAX_ROWS = 1_048_576
_MAX_TEXT = 32_767
_INEXACT = 10**15  # spreadsheets keep 15 digits
# Characters that XML cannot hold or changes, which Excel also writes as _xHHHH_.
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")


class XlsxWriter:
    """Writes a workbook with one sheet; rows are written to disk immediately."""

    def __init__(self, stream: IO[bytes], columns: Sequence[OutputColumn], where: str) -> None:
        """Open the workbook for writing. Raises FileError E405."""
        openpyxl = need("openpyxl", "tables", where=where)
        self._cell_type = need("openpyxl.cell", "tables", where=where).WriteOnlyCell
        self._stream = stream
        self._where = where
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet("predictions")
        self._rows = 1
        self._sheet.append([self._cell(column.name) for column in columns])

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Append rows. Raises FileError E402 beyond the size of a sheet."""
        for row in zip(*columns, strict=True):
            self._rows += 1
            if self._rows > MAX_ROWS:
                raise self._full(f"a sheet holds at most {MAX_ROWS:,} rows")
            self._sheet.append([self._cell(value) for value in row])

    def close(self) -> None:
        """Write the workbook to the stream, which stays open."""
        self._book.save(self._stream)

    def abandon(self) -> None:
        """Remove the temporary file of the sheet."""
        with suppress(Exception):
            self._sheet.close()
        with suppress(Exception):
            self._sheet._writer.cleanup()

    def _cell(self, value: object) -> object:
        if isinstance(value, float) and not math.isfinite(value):
            value = as_text(value)
        if isinstance(value, datetime.datetime) and value.tzinfo is not None:
            value = value.isoformat()  # workbooks have no time zones
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _INEXACT:
            value = str(value)  # a spreadsheet program would show another number
        if value is None or isinstance(value, bool | int | float | datetime.date | datetime.time):
            return value
        text = str(as_text(value))
        if len(text) > _MAX_TEXT:
            raise self._full(f"a cell holds at most {_MAX_TEXT:,} characters")
        # Set without openpyxl's type detection, so that a string is never a formula or an error value.
        cell = self._cell_type(self._sheet, value="")
        cell.data_type = "s"
        cell._value = _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
        return cell

    def _full(self, why: str) -> FileError:
        return FileError(
            "E402",
            f"The answers do not fit into a workbook: {why}.",
            where=self._where,
            fix="Write them as .csv or .parquet.",
        )
