"""XLSX in, by openpyxl, row by row and within limits: the first sheet, typed cells."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any, TypeAlias

import numpy as np

from sealift.batch.chunks import MAX_BYTES, Chunk, blank, malformed
from sealift.batch.csv_out import as_text
from sealift.batch.xlsx_archive import Archive, TooLargeError, children
from sealift.batch.xlsx_out import MAX_ROWS
from sealift.contract import Problem
from sealift.errors import FileError
from sealift.optional import need
from sealift.warning_filters import no_warnings

_MAX_COLUMNS = 16_384
_FIX = "Open it in the spreadsheet program and save it again as .xlsx."

_Record: TypeAlias = dict[int, Any]
"""The cells of a row that are not empty, by column from 1."""


class _NotComputed:
    """A formula whose result is not in the file: the program that wrote it did not compute it."""


_NOT_COMPUTED = _NotComputed()


class XlsxReader:
    """An open workbook; its first sheet, whose first record is the header."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        """Read the header. Raises FileError E404, E405."""
        need("openpyxl", "tables", where=where)
        self._where = where
        self._stream = stream
        self.skipped = 0
        self.arrow_types: Mapping[str, Any] = {}
        self._row = 0
        with _understood(where):
            self._archive = Archive(stream)
            self._records = _records(self._archive, where)
            self._row, header = next(((row, record) for row, record in self._records if record), (0, {}))
        if not header:
            raise malformed("The first sheet is empty.", where, "Put a header and one line for each row into it.")
        if _NOT_COMPUTED in header.values():
            raise malformed("A heading is a formula whose result is not in the file.", where, _FIX)
        names = [header.get(column) for column in range(1, max(header) + 1)]
        self.names: list[str] = ["" if name is None else str(as_text(name)) for name in names]
        self._rows = 0
        self._rows_in_place = self._in_place()

    def chunks(self, names: Sequence[str], rows: int, numbers: Collection[str] = ()) -> Iterator[Chunk]:
        """The columns `names`. Raises FileError E404."""
        del numbers
        columns = {name: self.names.index(name) + 1 for name in names}
        while records := self._some(rows, columns.values()):
            yield _chunk(records, columns, len(self.names), self._rows + 1)
            self._rows += len(records)

    def done(self) -> tuple[int, int]:
        """Rows read; the whole is not known."""
        return self._rows, 0

    def close(self) -> None:
        """Close the workbook."""
        self._archive.close()
        self._stream.close()

    def _some(self, rows: int, columns: Collection[int]) -> list[_Record]:
        """At most `rows` records, fewer where their texts are long."""
        found: list[_Record] = []
        held = 0
        with _understood(self._where):
            for record in self._rows_in_place:
                found.append(record)
                held += sum(len(text) for column in columns if isinstance(text := record.get(column), str))
                if len(found) == rows or held > MAX_BYTES:
                    break
        return found

    def _in_place(self) -> Iterator[_Record]:
        """The records up to the last that is not empty, with those that the file leaves out."""
        last = self._row
        for row, record in self._records:
            last = row
            if record:
                for _ in range(row - self._row - 1):
                    yield {}
                self._row = row
                yield record
        self.skipped = last - self._row


def _records(archive: Archive, where: str) -> Iterator[tuple[int, _Record]]:
    """The rows of the first sheet that are in the file, each with its number. Raises ValueError."""
    from openpyxl.reader.excel import ExcelReader, apply_stylesheet
    from openpyxl.worksheet._reader import DATA_TAG, FORMULA_TAG, ROW_TAG, VALUE_TAG, WorkSheetParser
    from openpyxl.xml.constants import SHARED_STRINGS

    reader = ExcelReader(archive.fp, read_only=True, data_only=True, keep_links=False)
    reader.archive = archive
    reader.read_manifest()
    strings = reader.package.find(SHARED_STRINGS)
    reader.read_workbook()
    apply_stylesheet(archive, reader.wb)
    sheets = [rel.target for _, rel in reader.parser.find_sheets() if "chartsheet" not in rel.Type]
    sheets = [name for name in sheets if name in reader.valid_files]
    if not sheets:
        raise malformed("The workbook has no sheet.", where, _FIX)
    parser = WorkSheetParser(
        None,
        [] if strings is None else _strings(archive, strings.PartName[1:]),
        data_only=True,
        epoch=reader.wb.epoch,
        date_formats=reader.wb._date_formats,
        timedelta_formats=reader.wb._timedelta_formats,
    )
    last = 0
    with archive.part(sheets[0]) as part:
        for parent, element in children(part, 2):
            if parent != DATA_TAG or element.tag != ROW_TAG:
                continue
            row, cells = parser.parse_row(element)
            if not last < row <= MAX_ROWS:
                raise TooLargeError(f"row {row:,} follows row {last:,}; rows ascend to {MAX_ROWS:,} at most")
            last = row
            record: _Record = {}
            for cell, source in zip(cells, element, strict=True):
                value = cell["value"]
                # A text formula whose result is the empty text has an empty value; others have none at all.
                computed = value is not None or (source.get("t") == "str" and source.find(VALUE_TAG) is not None)
                if not computed and source.find(FORMULA_TAG) is not None:
                    value = _NOT_COMPUTED
                if value is None or value == "":
                    continue
                column = cell["column"]
                if column > _MAX_COLUMNS or column in record:
                    raise TooLargeError(f"row {row:,} has a cell twice, or beyond column {_MAX_COLUMNS:,}")
                record[column] = value
            yield row, record


def _strings(archive: Archive, name: str) -> list[str]:
    """The table of shared strings."""
    from openpyxl.cell.text import Text
    from openpyxl.xml.constants import SHEET_MAIN_NS

    item, plain = f"{{{SHEET_MAIN_NS}}}si", f"{{{SHEET_MAIN_NS}}}t"
    found: list[str] = []
    with archive.strings(name) as part:
        for _, element in children(part, 1, drop=False):
            if element.tag == item:
                simple = len(element) == 1 and element[0].tag == plain
                text = (element[0].text or "") if simple else Text.from_tree(element).content
                found.append(text.replace("x005F_", ""))
    return found


def _chunk(records: list[_Record], columns: Mapping[str, int], width: int, first: int) -> Chunk:
    # A sheet has no record width of its own: cells that are not there are empty, cells beyond the header are faults.
    faults: list[Problem] = []
    sound: list[int] = []
    for i, record in enumerate(records):
        name = next((name for name, at in columns.items() if record.get(at) is _NOT_COMPUTED), None)
        if not record:
            faults.append(blank(first + i))
        elif max(record) > width:
            message = f"The record has {max(record)} cells, but the header has {width}."
            faults.append(Problem(first + i, "", "R105", message))
        elif name is not None:
            message = (
                f'"{name}" is a formula whose result is not in the file: open it in a spreadsheet program and save it.'
            )
            faults.append(Problem(first + i, name, "R102", message))
        else:
            sound.append(i)
    good = [records[i] for i in sound] if faults else records
    cells = {name: [record.get(at) for record in good] for name, at in columns.items()}
    where = np.array(sound, dtype=np.intp) if faults else None
    return Chunk(len(records), cells, cells="some", sound=where, faults=faults)


@contextmanager
def _understood(where: str) -> Iterator[None]:
    """Turn what openpyxl raises on a file that is none of its own into E404."""
    try:
        with no_warnings():  # styles and validations it does not know
            yield
    except (FileError, MemoryError):
        raise
    except TooLargeError as error:
        raise malformed(f"The workbook exceeds a limit: {error}.", where, _FIX) from None
    except Exception as error:  # openpyxl has no error of its own for damage: it fails wherever the damage shows
        reason = "it is no ZIP archive" if isinstance(error, zipfile.BadZipFile) else str(error)[:200]
        raise malformed(f"The file is not an XLSX workbook: {reason}.", where, _FIX) from None
