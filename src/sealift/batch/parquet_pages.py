"""Check the page headers of a Parquet file before pyarrow decodes the pages.

pyarrow allocates the size in a page header: up to 2 GiB for a page, 16 bytes for each entry of a dictionary. Here only
the headers are read, and the pages between them are skipped.

Source: https://github.com/apache/parquet-format, `parquet.thrift` (PageHeader and the headers within it) and README.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Any

from sealift.batch.parquet_footer import ColumnChunk
from sealift.batch.parquet_strings import after_levels, check_lengths, decompress, longest
from sealift.batch.thrift import I32, STRUCT, TRUE, CompactReader, Fields, ThriftError, TruncatedError

_DATA, _INDEX, _DICTIONARY, _DATA_V2 = 0, 1, 2, 3
_HEADER_OF = {_DATA: 5, _INDEX: 6, _DICTIONARY: 7, _DATA_V2: 8}
_ENCODING_OF = {_DATA: 2, _DATA_V2: 4}
_DELTA_BYTE_ARRAY = 7
_DELTA = {6, _DELTA_BYTE_ARRAY}
_BY_DICTIONARY = {2, 8}
_WINDOW = 1 << 10
_MAX_HEADER = 16 << 20  # up to four statistics, each as long as a value
_MAX_ENTRIES = 16 << 20
_OLD_PADDING = 100  # bytes missing from the size of a chunk in files of parquet-mr before 1.2.9 (PARQUET-816)
_LEAST = {"INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8, "BYTE_ARRAY": 4}  # bytes of a plain value


@dataclass(frozen=True)
class PageHeader:
    """A page header.

    Attributes:
        kind: 0 data, 1 index, 2 dictionary, 3 data of version 2.
        size: bytes in the file.
        uncompressed: bytes in memory.
        values: the number of values, or of entries of a dictionary; 0 for an index.
        encoding: the encoding of a data page, else 0.
        levels: bytes before the values of a page of version 2, which are not compressed.
        packed: whether the rest is compressed, if the chunk has a codec.
    """

    kind: int
    size: int
    uncompressed: int
    values: int
    encoding: int = 0
    levels: int = 0
    packed: bool = True


def read_header(data: bytes) -> tuple[PageHeader, int]:
    """The page header at the start of `data`, and its length. Raises ThriftError."""
    reader = CompactReader(data)
    fields = reader.struct()
    kind = _number(fields, 1)
    if kind not in _HEADER_OF:
        raise ThriftError(f"a page has the unknown type {kind}")
    size, uncompressed, levels, packed = _size(fields, 3), _size(fields, 2), 0, True
    if kind == _INDEX:
        return PageHeader(kind, size, uncompressed, 0), reader.at
    inner = fields.get((_HEADER_OF[kind], STRUCT))
    if not isinstance(inner, dict):
        raise ThriftError("a page header has no part for its type")
    if kind == _DATA_V2:
        levels = _size(inner, 5) + _size(inner, 6)
        packed = inner.get((7, TRUE), True) is True
        if levels > min(size, uncompressed):
            raise ThriftError(f"a page of {size:,} bytes cannot hold {levels:,} bytes of levels")
        if max(_size(inner, 2), _size(inner, 3)) > _size(inner, 1):
            raise ThriftError("a page has more nulls or rows than values")
    encoding = _number(inner, _ENCODING_OF[kind]) if kind in _ENCODING_OF else 0
    return PageHeader(kind, size, uncompressed, _size(inner, 1), encoding, levels, packed), reader.at


def _number(fields: Fields, field: int) -> int:
    value = fields.get((field, I32))
    if not isinstance(value, int):
        raise ThriftError("a page header lacks a required number")
    return value


def _size(fields: Fields, field: int) -> int:
    value = _number(fields, field)
    if value < 0:
        raise ThriftError(f"a page header has the negative size {value:,}")
    return value


@dataclass(frozen=True)
class Pages:
    """A summary of the pages of a column chunk.

    Attributes:
        count: the number of pages.
        dictionary: bytes of the dictionary in memory, 0 when there is none. Many rows may repeat its longest value.
        longest: bytes of its longest value, where only some of the strings in lists are from it; else 0.
        delta: whether there are pages in a delta encoding of strings.
        mixed: whether only some of the data pages refer to the dictionary.
        front_coded: bytes of the largest page of values with common prefixes (DELTA_BYTE_ARRAY): each of its values may
            be as long as the page.
    """

    count: int
    dictionary: int
    longest: int
    delta: bool
    mixed: bool
    front_coded: int


def check_pages(stream: IO[bytes], chunk: ColumnChunk, column: Any, *, padded: bool, limit: int) -> Pages:
    """Check the page headers of a column chunk.

    Args:
        stream: the seekable file.
        chunk: its description in the footer.
        column: pyarrow's ColumnSchema.
        padded: whether the chunk may be longer than in the footer, as in files of old programs.
        limit: the maximum number of pages.

    Raises:
        ThriftError: with what is wrong. OSError.
    """
    at, end = chunk.start, chunk.start + chunk.size + (_OLD_PADDING if padded else 0)
    values, count, uncompressed, front_coded = chunk.values, 0, 0, 0
    first: tuple[PageHeader, int] | None = None
    encodings: set[int] = set()
    while values:
        header, size = _header_at(stream, at, end)
        body = at + size
        at = body + header.size
        count += 1
        uncompressed += header.uncompressed
        if at > end:
            raise ThriftError(f"a page of {header.size:,} bytes is longer than the rest of its column chunk")
        if uncompressed > chunk.uncompressed:
            raise ThriftError(f"pages of {uncompressed:,} bytes, but {chunk.uncompressed:,} in the footer")
        if count > limit:
            raise ThriftError("the file has too many small pages")
        if header.kind == _DICTIONARY:
            if count > 1:
                raise ThriftError("a dictionary is not the first page of its column chunk")
            _check_dictionary(header, column)
            first = header, body
        elif header.kind != _INDEX:
            if header.values > values:
                raise ThriftError(f"a page has {header.values:,} values, but {values:,} are left")
            values -= header.values
            encodings.add(header.encoding)
            if header.encoding in _DELTA:
                _check_strings(stream, body, header, chunk, column)
            if header.encoding == _DELTA_BYTE_ARRAY:
                front_coded = max(front_coded, header.uncompressed)
    mixed, most = bool(encodings - _BY_DICTIONARY), 0
    lists = column.max_repetition_level and column.physical_type == "BYTE_ARRAY"
    if first and lists and mixed and encodings & _BY_DICTIONARY:
        most = longest(_body(stream, first[1], first[0], chunk), first[0].values)
    dictionary = first[0].uncompressed if first else 0
    return Pages(count, dictionary, most, bool(encodings & _DELTA), mixed, front_coded)


def _body(stream: IO[bytes], at: int, header: PageHeader, chunk: ColumnChunk) -> bytes:
    """The decompressed page, without the levels of version 2."""
    stream.seek(at + header.levels)
    data = stream.read(header.size - header.levels)
    return decompress(data, chunk.codec if header.packed else 0, header.uncompressed - header.levels)


def _check_strings(stream: IO[bytes], at: int, header: PageHeader, chunk: ColumnChunk, column: Any) -> None:
    data = _body(stream, at, header, chunk)
    if header.kind == _DATA:
        data = data[after_levels(data, (column.max_repetition_level > 0) + (column.max_definition_level > 0)) :]
    if data or header.values:
        check_lengths(data, header.values, front_coded=header.encoding == _DELTA_BYTE_ARRAY)


def _header_at(stream: IO[bytes], at: int, end: int) -> tuple[PageHeader, int]:
    window = _WINDOW
    while True:
        stream.seek(at)
        data = stream.read(max(0, min(window, end - at)))
        try:
            return read_header(data)
        except TruncatedError:
            if len(data) < window:
                raise ThriftError("the column chunk ends before its last page") from None
            if window >= _MAX_HEADER:
                raise ThriftError(f"a page header has more than {_MAX_HEADER >> 20} MB") from None
        window *= 4


def _check_dictionary(header: PageHeader, column: Any) -> None:
    width = _LEAST.get(column.physical_type) or max(column.length, 1)  # a fixed length, else a boolean
    if header.values > _MAX_ENTRIES or header.values * width > header.uncompressed:
        raise ThriftError(f"a dictionary of {header.uncompressed:,} bytes cannot hold {header.values:,} entries")
