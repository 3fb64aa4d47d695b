"""CSV out: UTF-8 without a mark, comma, LF, numbers in their shortest form that reads back to the same double.

Texts are written as they are, also those that begin with `=`, `+`, `-` or `@`: a changed cell would no longer be the
caller's key or the model's label. Spreadsheets may take such a cell for a formula; the XLSX writer marks every text as
text, and is the one to use where people will open the result in a spreadsheet.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import math
from collections.abc import Sequence
from typing import IO, Any

from sealift.batch.chunks import Column


class CsvWriter:
    """Writes rows as they come."""

    def __init__(self, stream: IO[bytes], columns: Sequence[Column], where: str) -> None:
        del where
        # Not a text layer over the stream: it would close the stream when it is given up, stdout's too.
        self._stream = stream
        self._text = io.StringIO(newline="")
        self._columns = columns
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._careful = csv.writer(self._text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        names = [column.name for column in columns]
        (self._careful if any("\r" in name for name in names) else self._writer).writerow(names)
        self._send()

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Append rows; None becomes an empty cell."""
        plain: list[Sequence[Any]] = []
        writer = self._writer
        for values, spec in zip(columns, self._columns, strict=True):
            cells = _texts(values) if spec.dtype in ("any", "string") else _cells(values, spec)
            if spec.dtype in ("any", "string") and any("\r" in cell for cell in cells if isinstance(cell, str)):
                writer = self._careful  # the csv module quotes a lone CR only since Python 3.13
            plain.append(cells)
        writer.writerows(zip(*plain, strict=True))
        self._send()

    def close(self) -> None:
        """Flush; the stream stays open."""
        self._stream.flush()

    def abandon(self) -> None:
        """Nothing is to be done."""

    def _send(self) -> None:
        self._stream.write(self._text.getvalue().encode())
        self._text.seek(0)
        self._text.truncate()


def _cells(values: Sequence[Any], spec: Column) -> Sequence[Any]:
    if spec.dtype == "bool":
        return [None if value is None else str(value).lower() for value in values]
    if spec.dtype == "float64" and not all(value is None or math.isfinite(value) for value in values):
        return [as_text(value) for value in values]
    return values


def _texts(values: Sequence[Any]) -> Sequence[Any]:
    if all(type(value) is str for value in values):
        return values
    return [as_text(value) for value in values]


def as_text(value: object) -> object:
    """A kept value as a cell: dates in ISO 8601, booleans as true and false, NaN and ±∞ by name, lists as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int | float):
        return value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=as_text)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
