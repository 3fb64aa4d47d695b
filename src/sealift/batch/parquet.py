"""Read and write Parquet by pyarrow, in batches and within limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.batch.arrow import check_indices, present, python_size, values_of
from sealift.batch.chunks import MAX_BYTES, Chunk, OutputColumn, malformed, size_of
from sealift.batch.csv_out import as_text
from sealift.batch.parquet_footer import EncryptedError, read_footer
from sealift.batch.parquet_limits import ParquetLimitError, plan
from sealift.batch.thrift import ThriftError
from sealift.contract import Problem
from sealift.errors import FileError
from sealift.optional import need

_FIX = "Write it again with a current library, for instance pandas' or polars' own."
_MAX_CELL = 1 << 20
_Columns: TypeAlias = Mapping[str, tuple[Sequence[Any] | npt.NDArray[Any], Mapping[int, str]]]


class ParquetReader:
    """An open Parquet file, read within limits: a small file may declare gigabytes."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        """Read the footer. Raises FileError E404, E405."""
        arrow, parquet = (
            need("pyarrow", "tables", where=where),
            need("pyarrow.parquet", "tables", where=where),
        )
        self._arrow = arrow
        self._where = where
        self._stream = stream
        self._size = size_of(stream)
        try:
            self._footer = read_footer(stream, self._size)
            file = parquet.ParquetFile(stream, thrift_string_size_limit=64 << 20, thrift_container_size_limit=1 << 20)
            schema = file.schema_arrow
        except ThriftError as error:
            fix = "Write it again without encryption." if isinstance(error, EncryptedError) else _FIX
            raise malformed(f"The file is not a valid Parquet file: {error}.", where, fix) from None
        except (arrow.ArrowException, OSError, ValueError) as error:
            raise malformed(f"The file is not Parquet: {str(error)[:200]}.", where, _FIX) from None
        self._file = file
        self.names: list[str] = list(schema.names)
        self.arrow_types: Mapping[str, Any] = {field.name: field.type for field in schema}
        self.skipped = 0
        self._rows = self._file.metadata.num_rows
        self._done = 0

    def chunks(self, names: Sequence[str], rows: int, numbers: Collection[str] = ()) -> Iterator[Chunk]:
        """The columns `names`, typed. Raises FileError E404."""
        batches = self._batches(names, rows)
        while True:
            try:
                batch = next(batches, None)
                if batch is None:
                    return
                for part in _parts(batch):
                    columns = {name: self._values(part.column(name), name in numbers) for name in names}
                    yield from self._chunks(columns, part.num_rows)
            except (self._arrow.ArrowException, OSError, IndexError) as error:
                raise self._damaged(error) from None

    def _chunks(self, columns: _Columns, rows: int) -> Iterator[Chunk]:
        for start, end in _pieces([values for values, _ in columns.values()], rows):
            piece = {name: (v[start:end], _shifted(bad, start, end)) for name, (v, bad) in columns.items()}
            if end > start:
                yield _chunk(piece, end - start, self._done + 1)
            self._done += end - start

    def done(self) -> tuple[int, int]:
        """The rows read and their total number."""
        return self._done, self._rows

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._stream.close()

    def _batches(self, names: Sequence[str], rows: int) -> Iterator[Any]:
        """pyarrow's batches. Raises FileError E404 when reading them could take too much memory."""
        parquet, metadata = need("pyarrow.parquet", "tables", where=self._where), self._file.metadata
        try:
            how = plan(self._stream, self._size, self._footer, metadata, names)
            file = parquet.ParquetFile(
                self._stream, metadata=metadata, read_dictionary=how.dictionaries, pre_buffer=False
            )
        except ParquetLimitError as error:
            raise malformed(f"The file exceeds a limit: {error}.", self._where, _FIX) from None
        except (self._arrow.ArrowException, OSError, ValueError) as error:
            raise self._damaged(error) from None
        groups = range(metadata.num_row_groups)
        for some in [[i] for i in groups] if how.by_group else [list(groups)]:
            yield from file.iter_batches(min(rows, how.rows), row_groups=some, columns=list(names), use_threads=False)

    def _damaged(self, error: Exception) -> FileError:
        return malformed(f"The file is damaged: {str(error)[:300]}.", self._where, _FIX)

    def _values(self, array: Any, number: bool) -> tuple[Sequence[Any] | npt.NDArray[Any], dict[int, str]]:
        """The values of a column of a batch, and position → reason for those that cannot be read."""
        types = self._arrow.types
        if types.is_nested(array.type) and len(array) == 1 and python_size(array) > MAX_BYTES:
            return [None], {0: f"it is longer than {MAX_BYTES >> 20} MB"}
        if types.is_dictionary(array.type):
            check_indices(array)
            if len(array.dictionary) > len(array):
                return self._values(array.dictionary_decode(), number)
            known, wrong = self._values(array.dictionary, number=False)
            places = array.indices.to_pylist()
            bad = {i: wrong[at] for i, at in enumerate(places) if at in wrong} if wrong else {}
            return [None if at is None else known[at] for at in places], bad
        if number and types.is_decimal(array.type):
            array = array.cast(self._arrow.float64())
        kind = array.type
        # pyarrow would convert an integer column with nulls to floats.
        if not types.is_floating(kind) and (not types.is_integer(kind) or array.null_count):
            return _listed(array)
        values = values_of(array).astype(np.float64) if types.is_floating(kind) else values_of(array)
        if array.null_count:
            values[~present(array)] = np.nan
        return values, {}


def _listed(array: Any) -> tuple[list[Any], dict[int, str]]:
    """The values as Python objects, and position → reason for those that Python cannot hold (the year 38504)."""
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


def _parts(batch: Any) -> Iterator[Any]:
    """The batch in parts whose lists and structs, as Python objects, do not exceed MAX_BYTES; at least one row each."""
    rows = batch.num_rows
    nested = [column for column in batch.columns if column.type.num_fields]
    if rows <= 1 or sum(map(python_size, nested)) <= MAX_BYTES:
        yield batch
    else:
        yield from _parts(batch.slice(0, rows // 2))
        yield from _parts(batch.slice(rows // 2))


def _pieces(columns: Sequence[Sequence[Any] | npt.NDArray[Any]], rows: int) -> Iterator[tuple[int, int]]:
    """The start and end of pieces whose strings do not exceed MAX_BYTES."""
    lists = [column for column in columns if isinstance(column, list)]
    lengths = [[len(value) if isinstance(value, str | bytes | list) else 0 for value in column] for column in lists]
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


def _chunk(read: _Columns, count: int, first: int) -> Chunk:
    reasons: dict[int, tuple[str, str]] = {}
    for name, (_, bad) in read.items():
        for at, why in bad.items():
            reasons.setdefault(at, (name, why))
    if not reasons:
        return Chunk(count, {name: values for name, (values, _) in read.items()})
    faults = [
        Problem(first + at, name, "R106", f'"{name}" cannot be read: {why}.')
        for at, (name, why) in sorted(reasons.items())
    ]
    sound = np.array([at for at in range(count) if at not in reasons], dtype=np.intp)
    columns = {
        name: values[sound] if isinstance(values, np.ndarray) else [values[at] for at in sound.tolist()]
        for name, (values, _) in read.items()
    }
    return Chunk(count, columns, sound=sound, faults=faults)


class ParquetWriter:
    """Writes row groups; kept columns keep their type where the input was Parquet, else they are strings."""

    def __init__(self, stream: IO[bytes], columns: Sequence[OutputColumn], where: str) -> None:
        """Open the file for writing. Raises FileError E405."""
        arrow, parquet = (
            need("pyarrow", "tables", where=where),
            need("pyarrow.parquet", "tables", where=where),
        )
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
                fix="Do not keep the column, or write CSV or JSON Lines.",
            ) from None
        self._writer.write_table(self._arrow.table(arrays, schema=self._schema))

    def close(self) -> None:
        """Write the footer; the stream stays open."""
        self._writer.close()

    def abandon(self) -> None:
        """Close pyarrow's writer while the stream is open; it would fail when it is garbage-collected later."""
        with suppress(Exception):
            self._writer.close()


def _text(value: object) -> str | None:
    cell = as_text(value)
    return None if cell is None else str(cell)
