"""Check the footer of a Parquet file before pyarrow parses it.

pyarrow allocates 700 bytes for each column chunk that the footer declares, before it reads the first. Its objects for
column chunks are not used: they crash the process when statistics contradict the schema.

Source: https://github.com/apache/parquet-format, `parquet.thrift` (FileMetaData) and README.md (the file's layout).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from sealift.batch.thrift import I32, I64, LIST, STRUCT, CompactReader, Fields, ThriftError, TruncatedError

_TAIL = 8  # the footer's length and the magic number
_SCHEMA, _ROWS, _ROW_GROUPS, _ENCRYPTION = 2, 3, 4, 8  # fields of FileMetaData
_COLUMNS, _GROUP_ROWS = 1, 3  # of RowGroup
_METADATA, _CRYPTO, _ENCRYPTED = 3, 8, 9  # of ColumnChunk
_CODEC, _VALUES, _UNCOMPRESSED, _COMPRESSED, _DATA_AT, _DICTIONARY_AT = 4, 5, 6, 7, 9, 11  # of ColumnMetaData
_CHILDREN = 5  # of SchemaElement
_MAX_NESTING = 64  # pyarrow reads a schema recursively
_NODE, _CHUNK = 256, 700  # bytes of memory for an element, in addition to those of any struct


class EncryptedError(ThriftError):
    """The file, or a column of it, is encrypted."""


@dataclass(frozen=True, slots=True)
class ColumnChunk:
    """The description of a column chunk in the footer.

    Attributes:
        codec: the compression of its pages.
        values: the number of values, including nulls; larger than the number of rows where there are lists.
        uncompressed: bytes of the pages in memory, with their headers.
        start: the position of the first page.
        size: bytes in the file.
    """

    codec: int
    values: int
    uncompressed: int
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The number of rows, and the chunk of each column of the schema."""

    rows: int
    chunks: list[ColumnChunk]


@dataclass(frozen=True, slots=True)
class Footer:
    """The number of rows, and the row groups."""

    rows: int
    groups: list[RowGroup]


def read_footer(stream: IO[bytes], size: int) -> Footer:
    """Read the footer of a file of `size` bytes. Raises ThriftError (what is wrong), OSError."""
    if size < _TAIL + 4:
        raise ThriftError("it is too short")
    stream.seek(size - _TAIL)
    tail = stream.read(_TAIL)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] == b"PARE":
        raise EncryptedError("it is encrypted")
    if tail[4:] != b"PAR1":
        raise ThriftError("its end is missing")
    if length > size - _TAIL - 4:
        raise ThriftError(f"a footer of {length:,} bytes is longer than the file")
    stream.seek(size - _TAIL - length)
    try:
        return _walk(CompactReader(stream.read(length)))
    except TruncatedError:
        raise ThriftError("its footer is truncated") from None


def _walk(reader: CompactReader) -> Footer:
    rows, groups = -1, None
    for field, kind in reader.fields(1):
        if (field, kind) == (_ENCRYPTION, STRUCT):
            raise EncryptedError("it is encrypted")
        if (field, kind) == (_ROWS, I64):
            rows = reader.integer(I64)
        elif (field, kind) == (_SCHEMA, LIST):
            _walk_schema(reader, _structs(reader, _NODE))
        elif (field, kind) == (_ROW_GROUPS, LIST):
            groups = [_row_group(reader) for _ in range(_structs(reader, 0))]
        else:
            reader.skip(kind, 1)
    if rows < 0 or groups is None:
        raise ThriftError("its footer lacks a required field")
    if sum(group.rows for group in groups) != rows:
        raise ThriftError(f"its row groups do not have {rows:,} rows in total")
    return Footer(rows, groups)


def _structs(reader: CompactReader, memory: int) -> int:
    kind, count = reader.elements()
    if kind != STRUCT:
        raise ThriftError("its footer holds a list of the wrong type")
    reader.claim(count * memory)
    return count


def _walk_schema(reader: CompactReader, count: int) -> None:
    reader.claim(count * _NODE)
    left: list[int] = []  # the number of remaining children of each open group
    for _ in range(count):
        while left and not left[-1]:
            left.pop()
        if left:
            left[-1] -= 1
        children = reader.struct(3).get((_CHILDREN, I32), 0)
        if isinstance(children, int) and children > 0:
            left.append(children)
        if len(left) > _MAX_NESTING:
            raise ThriftError(f"its columns are nested more than {_MAX_NESTING} deep")


def _row_group(reader: CompactReader) -> RowGroup:
    rows, chunks = -1, []
    for field, kind in reader.fields(3):
        if (field, kind) == (_COLUMNS, LIST):
            chunks = [_column_chunk(reader.struct(5)) for _ in range(_structs(reader, _CHUNK))]
        elif (field, kind) == (_GROUP_ROWS, I64):
            rows = reader.integer(I64)
        else:
            reader.skip(kind, 3)
    if rows < 0:
        raise ThriftError("a row group lacks its number of rows")
    return RowGroup(rows, chunks)


def _column_chunk(fields: Fields) -> ColumnChunk:
    if (_CRYPTO, STRUCT) in fields or (_ENCRYPTED, STRUCT) in fields:
        raise EncryptedError("it is encrypted")
    metadata = fields.get((_METADATA, STRUCT))
    if not isinstance(metadata, dict):
        raise ThriftError("a column chunk lacks its description")
    data_at = _size(metadata, _DATA_AT)
    dictionary_at = metadata.get((_DICTIONARY_AT, I64), 0)
    return ColumnChunk(
        codec=_size(metadata, _CODEC, I32),
        values=_size(metadata, _VALUES),
        uncompressed=_size(metadata, _UNCOMPRESSED),
        # As in pyarrow: some programs write 0 where there is no dictionary.
        start=dictionary_at if 0 < dictionary_at < data_at else data_at,
        size=_size(metadata, _COMPRESSED),
    )


def _size(fields: Fields, field: int, kind: int = I64) -> int:
    value = fields.get((field, kind))
    if not isinstance(value, int) or value < 0:
        raise ThriftError("a column chunk has a negative size, or lacks one")
    return value
