"""Write CSV: UTF-8 without a BOM, comma, LF, numbers in the shortest form that reads back to the same double.

Strings are written unchanged, even if they begin with `=`, `+`, `-` or `@`: a changed cell would no longer be the
caller's key or the model's label. Spreadsheet programs may read such a cell as a formula. The XLSX writer marks every
string as a string; use it for results that are opened in a spreadsheet program.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import math
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from sealift.batch.chunks import OutputColumn
from sealift.batch.csv_text import lines


class CsvWriter:
    """Writes rows as they come."""

    def __init__(self, stream: IO[bytes], columns: Sequence[OutputColumn], where: str) -> None:
        del where
        # Without a TextIOWrapper, which would close the stream, possibly stdout, when it is garbage-collected.
        self._stream = stream
        self._columns = columns
        names = [column.name for column in columns]
        text = io.StringIO(newline="")
        usual, careful = _writers(text)
        (careful if any("\r" in name for name in names) else usual).writerow(names)
        self.append(text.getvalue().encode())

    def write(self, columns: Sequence[Sequence[Any] | npt.NDArray[Any]]) -> None:
        """Append rows; None becomes an empty cell."""
        self.append(self.rendered(columns))

    def rendered(self, columns: Sequence[Sequence[Any] | npt.NDArray[Any]]) -> bytes:
        """Render rows for `append`. May be called by several threads at the same time."""
        whole = lines(columns, as_text)
        if whole is not None:
            return whole
        text = io.StringIO(newline="")
        writer, careful = _writers(text)
        plain: list[Sequence[Any]] = []
        for array, spec in zip(columns, self._columns, strict=True):
            values = array.tolist() if isinstance(array, np.ndarray) else array
            cells = _strings(values) if spec.dtype in ("any", "string") else _cells(values, spec)
            if spec.dtype in ("any", "string") and any("\r" in cell for cell in cells if isinstance(cell, str)):
                writer = careful  # before Python 3.13 the csv module does not quote a lone CR
            plain.append(cells)
        writer.writerows(zip(*plain, strict=True))
        return text.getvalue().encode()

    def append(self, rows: bytes) -> None:
        """Write rendered rows."""
        self._stream.write(rows)

    def close(self) -> None:
        """Flush; the stream stays open."""
        self._stream.flush()

    def abandon(self) -> None:
        """Do nothing."""


def _writers(text: IO[str]) -> tuple[Any, Any]:
    """The usual writer, and one that quotes every string."""
    usual = csv.writer(text, lineterminator="\n")
    return usual, csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)


def _cells(values: Sequence[Any], spec: OutputColumn) -> Sequence[Any]:
    if spec.dtype == "bool":
        return [None if value is None else str(value).lower() for value in values]
    if spec.dtype == "float64" and not all(value is None or math.isfinite(value) for value in values):
        return [as_text(value) for value in values]
    return values


def _strings(values: Sequence[Any]) -> Sequence[Any]:
    if all(type(value) is str for value in values):
        return values
    return [as_text(value) for value in values]


def as_text(value: object) -> object:
    """A kept value as a cell: dates in ISO 8601, booleans as true and false, NaN and ±∞ as words, lists as JSON."""
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
