"""Read XLSX by openpyxl, row by row and within limits: the first sheet, with typed cells."""

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
"""Column (from 1) → value, for the non-empty cells of a row."""


class _NotComputed:
    """A formula whose result is not in the file."""


_NOT_COMPUTED = _NotComputed()


class XlsxReader:
    """The first sheet of an open workbook; its first record is the header."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        """Read the header. Raises FileError E404, E405."""
        need("openpyxl", "tables", where=where)
        self._where = where
        self._stream = stream
        self.skipped = 0
        self.arrow_types: Mapping[str, Any] = {}
        self._row = 0
        with _as_e404(where):
            self._archive = Archive(stream)
            self._records = _records(self._archive, where)
            self._row, header = next(((row, record) for row, record in self._records if record), (0, {}))
        if not header:
            raise malformed("The first sheet is empty.", where, "Write a header and one line for each row.")
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
        """The rows read; the total number is not known."""
        return self._rows, 0

    def close(self) -> None:
        """Close the workbook."""
        self._archive.close()
        self._stream.close()

    def _some(self, rows: int, columns: Collection[int]) -> list[_Record]:
        """At most `rows` records, fewer where their strings are long."""
        records: list[_Record] = []
        held = 0
        with _as_e404(self._where):
            for record in self._rows_in_place:
                records.append(record)
                held += sum(len(text) for column in columns if isinstance(text := record.get(column), str))
                if len(records) == rows or held > MAX_BYTES:
                    break
        return records

    def _in_place(self) -> Iterator[_Record]:
        """The records up to the last non-empty one, including empty rows that are not in the file."""
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
    """The numbers and records of the rows of the first sheet that are in the file. Raises ValueError."""
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
                raise TooLargeError(f"row {row:,} follows row {last:,}; rows must ascend to at most {MAX_ROWS:,}")
            last = row
            record: _Record = {}
            for cell, source in zip(cells, element, strict=True):
                value = cell["value"]
                # A formula whose result is the empty string has an empty value; one without a result has none.
                computed = value is not None or (source.get("t") == "str" and source.find(VALUE_TAG) is not None)
                if not computed and source.find(FORMULA_TAG) is not None:
                    value = _NOT_COMPUTED
                if value is None or value == "":
                    continue
                column = cell["column"]
                if column > _MAX_COLUMNS or column in record:
                    raise TooLargeError(f"row {row:,} has a duplicate cell, or one beyond column {_MAX_COLUMNS:,}")
                record[column] = value
            yield row, record


def _strings(archive: Archive, name: str) -> list[str]:
    """The table of shared strings."""
    from openpyxl.cell.text import Text
    from openpyxl.xml.constants import SHEET_MAIN_NS

    item, plain = f"{{{SHEET_MAIN_NS}}}si", f"{{{SHEET_MAIN_NS}}}t"
    strings: list[str] = []
    with archive.strings(name) as part:
        for _, element in children(part, 1, drop=False):
            if element.tag == item:
                simple = len(element) == 1 and element[0].tag == plain
                text = (element[0].text or "") if simple else Text.from_tree(element).content
                strings.append(text.replace("x005F_", ""))
    return strings


def _chunk(records: list[_Record], columns: Mapping[str, int], width: int, first: int) -> Chunk:
    # Rows of a sheet have no fixed width: absent cells are empty, and cells beyond the header are faults.
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
                f'"{name}" is a formula whose result is not in the file. Open it in a spreadsheet program and save it.'
            )
            faults.append(Problem(first + i, name, "R102", message))
        else:
            sound.append(i)
    good = [records[i] for i in sound] if faults else records
    cells = {name: [record.get(at) for record in good] for name, at in columns.items()}
    where = np.array(sound, dtype=np.intp) if faults else None
    return Chunk(len(records), cells, cells="some", sound=where, faults=faults)


@contextmanager
def _as_e404(where: str) -> Iterator[None]:
    """Convert errors of openpyxl to E404."""
    try:
        with no_warnings():  # unknown styles and validations
            yield
    except (FileError, MemoryError):
        raise
    except TooLargeError as error:
        raise malformed(f"The workbook exceeds a limit: {error}.", where, _FIX) from None
    except Exception as error:  # openpyxl has no exception for damaged files and may raise anything
        reason = "it is not a ZIP archive" if isinstance(error, zipfile.BadZipFile) else str(error)[:200]
        raise malformed(f"The file is not an XLSX workbook: {reason}.", where, _FIX) from None
