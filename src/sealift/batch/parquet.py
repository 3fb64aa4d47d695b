"""Parquet in and out, by pyarrow, batch by batch and within limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from sealift.batch.arrow import present, values_of
from sealift.batch.chunks import MAX_BYTES, Chunk, Column, malformed, size_of
from sealift.batch.csv_out import as_text
from sealift.batch.optional import need
from sealift.contract import Problem
from sealift.errors import FileError

_FIX = "Write it again with a current library, for instance pandas' or polars' own."
_MAX_CELL = 1 << 20
_MOST_ROWS = 1 << 16
_ROWS, _ROWS_PER_BYTE = 10_000_000, 50  # equal rows are stored once, and each takes its time
_GROUP_BYTES = 2 << 30
_PLAIN_BYTES, _RATIO = 256 << 20, 200  # a row group beyond this size that shrinks more than this was made to harm
_VALUES = 64 << 20


class ParquetReader:
    """An open Parquet file, read within limits: a small file may claim to hold gigabytes."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        """Read the footer. Raises FileError E404, E405."""
        arrow, parquet = need("pyarrow", where), need("pyarrow.parquet", where)
        self._arrow = arrow
        self._where = where
        self._stream = stream
        self._size = size_of(stream)
        try:
            footer = parquet.ParquetFile(stream, thrift_string_size_limit=64 << 20, thrift_container_size_limit=1 << 20)
            schema = footer.schema_arrow
            texts = [field.name for field in schema if _is_text(arrow, field.type)]
            # A text that stands in many rows is then held once, however often it is repeated.
            self._file = parquet.ParquetFile(stream, metadata=footer.metadata, read_dictionary=texts)
        except (arrow.ArrowException, OSError, ValueError) as error:
            raise malformed(f"The file is not Parquet: {str(error)[:200]}.", where, _FIX) from None
        self.names: list[str] = list(schema.names)
        self.arrow_types: Mapping[str, Any] = {field.name: field.type for field in schema}
        self.skipped = 0
        self._rows = self._file.metadata.num_rows
        self._done = 0

    def chunks(self, names: Sequence[str], rows: int, numbers: Collection[str] = ()) -> Iterator[Chunk]:
        """The columns `names`, typed. Raises FileError E404."""
        rows = min(rows, self._check_sizes(names))
        batches = self._file.iter_batches(batch_size=rows, columns=list(names), use_threads=False)
        while True:
            try:
                batch = next(batches, None)
                if batch is None:
                    return
                found = {name: self._values(batch.column(name), name in numbers) for name in names}
            except (self._arrow.ArrowException, OSError) as error:
                raise malformed(f"The file is damaged: {str(error)[:200]}.", self._where, _FIX) from None
            for start, end in _pieces([values for values, _ in found.values()], batch.num_rows):
                piece = {name: (v[start:end], _shifted(bad, start, end)) for name, (v, bad) in found.items()}
                if end > start:
                    yield _chunk(piece, end - start, self._done + 1)
                self._done += end - start

    def done(self) -> tuple[int, int]:
        """Rows read, of how many."""
        return self._done, self._rows

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._stream.close()

    def _check_sizes(self, names: Collection[str]) -> int:
        """How many rows to read at once. Raises FileError E404 when the file claims more than such a file can hold."""
        metadata = self._file.metadata
        if not 0 <= self._rows <= _ROWS + _ROWS_PER_BYTE * self._size:
            raise self._exceeds(f"{self._size:,} bytes cannot hold {self._rows:,} rows")
        least = _MOST_ROWS
        for i in range(metadata.num_row_groups):
            group = metadata.row_group(i)
            parts = [group.column(j) for j in range(group.num_columns)]
            parts = [part for part in parts if part.path_in_schema.partition(".")[0] in names]
            size = sum(part.total_uncompressed_size for part in parts)
            packed = sum(part.total_compressed_size for part in parts)
            if size > _GROUP_BYTES or (size > _PLAIN_BYTES and size > _RATIO * packed):
                raise self._exceeds(f"a row group of {packed >> 10:,} kB would be {size >> 20:,} MB")
            if any(part.num_values > max(group.num_rows, _VALUES) for part in parts):
                raise self._exceeds("a column holds lists of too many values")
            if size and group.num_rows:
                least = min(least, max(1, MAX_BYTES * group.num_rows // size))
        widths = [getattr(self.arrow_types.get(name), "byte_width", 0) for name in names if self._is_fixed(name)]
        if widths and max(widths) > _MAX_CELL:
            raise self._exceeds("a column holds values of more than 1 MB")
        return least

    def _is_fixed(self, name: str) -> bool:
        return bool(self._arrow.types.is_fixed_size_binary(self.arrow_types[name]))

    def _exceeds(self, what: str) -> FileError:
        return malformed(f"The file exceeds a limit: {what}.", self._where, _FIX)

    def _values(self, array: Any, number: bool) -> tuple[Sequence[Any] | npt.NDArray[Any], dict[int, str]]:
        """A batch's column, and what is wrong with the values that cannot be read, by their position."""
        types = self._arrow.types
        if types.is_dictionary(array.type):
            if len(array.dictionary) > len(array):
                return self._values(array.dictionary_decode(), number)
            known, wrong = self._values(array.dictionary, number=False)
            places = array.indices.to_pylist()
            bad = {i: wrong[at] for i, at in enumerate(places) if at in wrong} if wrong else {}
            return [None if at is None else known[at] for at in places], bad
        if number and types.is_decimal(array.type):
            array = array.cast(self._arrow.float64())
        kind = array.type
        # An integer column with gaps would pass through floats as a NumPy array.
        if not types.is_floating(kind) and (not types.is_integer(kind) or array.null_count):
            return _listed(array)
        found = values_of(array).astype(np.float64) if types.is_floating(kind) else values_of(array)
        if array.null_count:
            found[~present(array)] = np.nan
        return found, {}


def _is_text(arrow: Any, kind: Any) -> bool:
    return any(check(kind) for check in (arrow.types.is_string, arrow.types.is_binary))


def _listed(array: Any) -> tuple[list[Any], dict[int, str]]:
    """The values as Python's; of those that Python does not have (the year 38504), what is wrong."""
    bad: dict[int, str] = {}
    try:
        values = list(array.to_pylist())
    except (OverflowError, ValueError):  # a UnicodeDecodeError is a ValueError
        values = []
        for i, scalar in enumerate(array):
            try:
                values.append(scalar.as_py())
            except (OverflowError, ValueError) as error:
                values.append(None)
                bad[i] = str(error)[:100]
    for i, value in enumerate(values):
        if isinstance(value, str | bytes) and len(value) > _MAX_CELL:
            values[i], bad[i] = None, "it is longer than 1 MB"
    return values, bad


def _pieces(columns: Sequence[Sequence[Any] | npt.NDArray[Any]], rows: int) -> Iterator[tuple[int, int]]:
    """Where to cut so that the texts of a piece fit into the bound of a chunk."""
    texts = [column for column in columns if isinstance(column, list)]
    lengths = [[len(value) if isinstance(value, str | bytes | list) else 0 for value in column] for column in texts]
    if sum(map(sum, lengths)) <= MAX_BYTES:
        yield 0, rows
        return
    start = held = 0
    for row, size in enumerate(map(sum, zip(*lengths, strict=True))):
        held += size
        if held > MAX_BYTES or row + 1 == rows:
            yield start, row + 1
            start, held = row + 1, 0


def _shifted(bad: Mapping[int, str], start: int, end: int) -> dict[int, str]:
    return {at - start: why for at, why in bad.items() if start <= at < end}


def _chunk(
    found: Mapping[str, tuple[Sequence[Any] | npt.NDArray[Any], Mapping[int, str]]], count: int, first: int
) -> Chunk:
    reasons: dict[int, tuple[str, str]] = {}
    for name, (_, bad) in found.items():
        for at, why in bad.items():
            reasons.setdefault(at, (name, why))
    if not reasons:
        return Chunk(count, {name: values for name, (values, _) in found.items()})
    faults = [
        Problem(first + at, name, "R106", f'"{name}" cannot be read: {why}.')
        for at, (name, why) in sorted(reasons.items())
    ]
    sound = np.array([at for at in range(count) if at not in reasons], dtype=np.intp)
    columns = {
        name: values[sound] if isinstance(values, np.ndarray) else [values[at] for at in sound.tolist()]
        for name, (values, _) in found.items()
    }
    return Chunk(count, columns, sound=sound, faults=faults)


class ParquetWriter:
    """Writes row groups as they come; kept columns keep their type where the input was Parquet, else are text."""

    def __init__(self, stream: IO[bytes], columns: Sequence[Column], where: str) -> None:
        """Begin the file. Raises FileError E405."""
        arrow, parquet = need("pyarrow", where), need("pyarrow.parquet", where)
        plain = {"float64": arrow.float64(), "int64": arrow.int64(), "bool": arrow.bool_(), "string": arrow.string()}
        self._arrow = arrow
        self._where = where
        self._schema = arrow.schema(
            [(column.name, column.arrow_type or plain.get(column.dtype, arrow.string())) for column in columns]
        )
        self._as_text = [column.dtype == "any" and column.arrow_type is None for column in columns]
        self._writer = parquet.ParquetWriter(stream, self._schema)

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Append a row group. Raises FileError E402 when a kept value is not of its column's type."""
        try:
            arrays = [
                self._arrow.array([_text(v) for v in values] if as_text_ else values, type=kind)
                for values, kind, as_text_ in zip(columns, self._schema.types, self._as_text, strict=True)
            ]
        except self._arrow.ArrowException as error:
            raise FileError(
                "E402",
                f"A kept column cannot be written as Parquet: {str(error)[:200]}.",
                where=self._where,
                fix="Leave the column out, or write CSV or JSON Lines.",
            ) from None
        self._writer.write_table(self._arrow.table(arrays, schema=self._schema))

    def close(self) -> None:
        """Write the footer; the stream stays open."""
        self._writer.close()

    def abandon(self) -> None:
        """End the library's writer while the stream still takes its footer; else it fails when it is collected."""
        with suppress(Exception):
            self._writer.close()


def _text(value: object) -> str | None:
    cell = as_text(value)
    return None if cell is None else str(cell)
