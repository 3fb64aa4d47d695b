"""Parquet in and out, by pyarrow, batch by batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from sealift.errors import FileError
from sealift.score.arrow import present, values_of
from sealift.score.csv_out import as_text
from sealift.score.optional import need
from sealift.score.table import Chunk, Column, malformed

_FIX = "Write it again with a current library, for instance pandas' or polars' own."


class ParquetReader:
    """An open Parquet file."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        """Read the footer. Raises FileError E404, E405."""
        arrow, parquet = need("pyarrow", where), need("pyarrow.parquet", where)
        self._arrow = arrow
        self._where = where
        self._stream = stream
        try:
            self._file = parquet.ParquetFile(stream)
        except (arrow.ArrowException, OSError) as error:
            raise malformed(f"The file is not Parquet: {str(error)[:200]}.", where, _FIX) from None
        schema = self._file.schema_arrow
        self.names: list[str] = list(schema.names)
        self.arrow_types: Mapping[str, Any] = {field.name: field.type for field in schema}
        self.skipped = 0
        self._rows = self._file.metadata.num_rows
        self._done = 0

    def chunks(self, names: Sequence[str], rows: int, numbers: Collection[str] = ()) -> Iterator[Chunk]:
        """The columns `names`, typed. Raises FileError E404."""
        del numbers
        batches = self._file.iter_batches(batch_size=rows, columns=list(names))
        while True:
            try:
                batch = next(batches, None)
                if batch is None:
                    return
                columns = {name: self._values(batch.column(batch.schema.names.index(name))) for name in names}
            except (self._arrow.ArrowException, OSError) as error:
                raise malformed(f"The file is damaged: {str(error)[:200]}.", self._where, _FIX) from None
            self._done += batch.num_rows
            if batch.num_rows:
                yield Chunk(batch.num_rows, columns)

    def done(self) -> tuple[int, int]:
        """Rows read, of how many."""
        return self._done, self._rows

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._stream.close()

    def _values(self, array: Any) -> Sequence[Any] | npt.NDArray[Any]:
        types = self._arrow.types
        if types.is_dictionary(array.type):
            array = array.dictionary_decode()
        kind = array.type
        if types.is_decimal(kind):
            array = array.cast(self._arrow.float64())
        elif types.is_integer(kind) and array.null_count:
            return list(array.to_pylist())  # as a NumPy array it would pass through floats
        elif not (types.is_floating(kind) or types.is_integer(kind)):
            return list(array.to_pylist())
        found = values_of(array).astype(np.float64) if types.is_floating(array.type) else values_of(array)
        if array.null_count:
            found[~present(array)] = np.nan
        return found


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
