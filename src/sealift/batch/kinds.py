"""Detect the kind of a table file by its suffix, and check that its first bytes agree."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from sealift.batch.chunks import Kind, OutputColumn, Reader, Writer, malformed
from sealift.errors import FileError

SUFFIXES: dict[str, Kind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
}
_KNOWN = "Use .csv, .jsonl, .parquet or .xlsx."
# The first bytes of a file, its description, and the kind of table with these first bytes.
_MAGIC: tuple[tuple[bytes, str, Kind | None], ...] = (
    (b"PK\x03\x04", "an XLSX workbook or another ZIP file", "xlsx"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", None),
    (b"PAR1", "a Parquet file", "parquet"),
    (b"%PDF", "a PDF", None),
    (b"\x1f\x8b", "a gzip archive", None),
)


def kind_of(path: Path) -> Kind:
    """The kind by the suffix. Raises FileError E403."""
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise FileError(
            "E403", f"The suffix {path.suffix!r} is not that of a known kind of table.", where=str(path), fix=_KNOWN
        )
    return kind


def open_table(stream: IO[bytes], where: str, kind: Kind | None = None) -> Reader:
    """Open a table for reading; without `kind` it is CSV or JSON Lines, by its first character.

    Raises:
        FileError: E403 when the bytes are of another kind, E404 when it is empty or malformed, E405.
    """
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # type: ignore[type-var]
    head = buffered.peek(4096)[:4096]
    for magic, name, real in _MAGIC:
        if head.startswith(magic) and kind != real:
            raise FileError(
                "E403",
                f"This is {name}, not {_NAMES[kind or 'csv']}.",
                where=where,
                fix="Correct the suffix, or save it as CSV (UTF-8).",
            )
    if kind is None:
        kind = "jsonl" if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else "csv"
    if kind in ("csv", "jsonl") and (head.startswith((b"\xff\xfe", b"\xfe\xff")) or _is_utf16(head)):
        raise malformed("The file is not UTF-8 text.", where, "Save it again as UTF-8.")
    if kind == "csv":
        from sealift.batch.csv_in import CsvReader

        return CsvReader(buffered, where)
    if kind == "jsonl":
        from sealift.batch.jsonl import JsonLinesReader

        return JsonLinesReader(buffered, where)
    if kind == "parquet":
        from sealift.batch.parquet import ParquetReader

        return ParquetReader(buffered, where)
    from sealift.batch.xlsx import XlsxReader

    return XlsxReader(buffered, where)


def _is_utf16(head: bytes) -> bool:
    """Whether more than a quarter of the bytes are NUL. A single NUL is a problem of its row only."""
    return 4 * head.count(0) > len(head)


def open_writer(kind: Kind, stream: IO[bytes], columns: Sequence[OutputColumn], where: str) -> Writer:
    """Open a table for writing. Raises FileError E405."""
    if kind == "csv":
        from sealift.batch.csv_out import CsvWriter

        return CsvWriter(stream, columns, where)
    if kind == "jsonl":
        from sealift.batch.jsonl import JsonLinesWriter

        return JsonLinesWriter(stream, columns, where)
    if kind == "parquet":
        from sealift.batch.parquet import ParquetWriter

        return ParquetWriter(stream, columns, where)
    from sealift.batch.xlsx_out import XlsxWriter

    return XlsxWriter(stream, columns, where)


_NAMES: dict[Kind, str] = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet", "xlsx": "an XLSX workbook"}
