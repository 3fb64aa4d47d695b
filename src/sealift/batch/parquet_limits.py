"""Limits of memory and time for a Parquet file, checked before any value is decoded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import IO, Any

from sealift.batch.chunks import MAX_BYTES
from sealift.batch.parquet_footer import ColumnChunk, Footer
from sealift.batch.parquet_pages import Pages, check_pages
from sealift.batch.thrift import ThriftError

_MAX_CELL = 1 << 20
_MOST_ROWS = 1 << 16
_ROWS, _ROWS_PER_BYTE = 10_000_000, 50  # equal rows can be stored once, but each of them takes time
_GROUP_BYTES = 2 << 30
_PLAIN_BYTES, _RATIO = 256 << 20, 200  # a larger row group that is compressed more than this is hostile
_VALUES = 64 << 20
_PAGES, _BYTES_PER_PAGE = 100_000, 1 << 10  # the number of pages, plus one for so many bytes of the file


class ParquetLimitError(ValueError):
    """The file exceeds a limit."""


@dataclass(frozen=True)
class Plan:
    """How to read a file in bounded memory.

    Attributes:
        rows: the maximum number of rows in a batch.
        dictionaries: the paths of the columns to read as dictionaries, which store repeated values once.
        by_group: whether to read the row groups one by one: pyarrow cannot join dictionaries in lists and structs.
    """

    rows: int
    dictionaries: list[str]
    by_group: bool


def plan(stream: IO[bytes], size: int, footer: Footer, metadata: Any, names: Collection[str]) -> Plan:
    """Check the footer, and the page headers of the columns `names`.

    Args:
        stream: the seekable file.
        size: its size in bytes.
        footer: its footer.
        metadata: the footer as pyarrow's FileMetaData, for the schema.
        names: the columns that will be read.

    Raises:
        ParquetLimitError, ThriftError: with what is wrong. OSError.
    """
    if footer.rows > _ROWS + _ROWS_PER_BYTE * size:
        raise ParquetLimitError(f"{size:,} bytes cannot hold {footer.rows:,} rows")
    columns = {j: metadata.schema.column(j) for j in range(metadata.num_columns)}
    leaves = {j: leaf for j, leaf in columns.items() if _belongs(leaf.path, names)}
    if len({leaf.path for leaf in leaves.values()}) < len(leaves):
        raise ThriftError("two columns have the same path")
    if any(len(group.chunks) != len(columns) for group in footer.groups):
        raise ThriftError("a row group lacks columns of the schema, or has more")
    if any(leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" and leaf.length > _MAX_CELL for leaf in leaves.values()):
        raise ParquetLimitError("a column holds values of more than 1 MB")
    least = _check_groups(size, footer, leaves)
    pages: dict[int, list[Pages]] = {j: [] for j in leaves}
    left = _PAGES + size // _BYTES_PER_PAGE
    padded = str(metadata.created_by).startswith("parquet-mr")
    for i, group in enumerate(footer.groups):
        for j, leaf in leaves.items():
            try:
                _check_values(group.chunks[j], leaf, group.rows)
                chunk = check_pages(stream, group.chunks[j], leaf, padded=padded, limit=left)
            except ThriftError as error:
                raise ThriftError(f'row group {i}, column "{leaf.path[:100]}": {error}') from None
            left -= chunk.count
            pages[j].append(chunk)
            longest = max(chunk.front_coded, chunk.longest) if leaf.max_repetition_level else 0
            if group.chunks[j].values * longest > _PLAIN_BYTES:
                raise ParquetLimitError(f'the strings in lists of the column "{leaf.path[:100]}" may be too long')
    strings = {leaf.path: pages[j] for j, leaf in leaves.items() if _is_string(leaf)}
    dictionaries = [path for path, checked in strings.items() if _readable(checked, nested=path not in names)]
    for j, leaf in leaves.items():
        width = _repeated(leaf, pages[j], whole=leaf.path not in dictionaries)
        if width:
            least = min(least, max(1, MAX_BYTES // width))
    return Plan(least, dictionaries, any(path not in names for path in dictionaries))


def _belongs(path: str, names: Collection[str]) -> bool:
    """Whether pyarrow reads the leaf `path` for one of the columns `names`, whose names may contain dots."""
    parts = path.split(".")
    return any(".".join(parts[: i + 1]) in names for i in range(len(parts)))


def _is_string(leaf: Any) -> bool:
    return leaf.physical_type == "BYTE_ARRAY" and leaf.logical_type.type in ("STRING", "NONE")


def _readable(pages: Collection[Pages], *, nested: bool) -> bool:
    """Whether pyarrow can read the column as a dictionary."""
    return not any(one.delta or (nested and one.mixed) for one in pages)


def _check_groups(size: int, footer: Footer, leaves: dict[int, Any]) -> int:
    """Check the sizes of row groups in the footer. Returns the number of rows of average length for a batch."""
    least, plain, stored = _MOST_ROWS, 0, 0
    for group in footer.groups:
        total = sum(_plain(group.chunks[j], leaf) for j, leaf in leaves.items())
        packed = sum(group.chunks[j].size for j in leaves)
        _check_ratio("a row group", total, packed, _PLAIN_BYTES)
        if total > _GROUP_BYTES:
            raise ParquetLimitError(f"a row group of {packed >> 10:,} kB would be {total >> 20:,} MB")
        plain, stored = plain + total, stored + packed
        if total and group.rows:
            least = min(least, max(1, MAX_BYTES * group.rows // total))
    if stored > size:
        raise ThriftError(f"column chunks of {stored:,} bytes in a file of {size:,}")
    _check_ratio("the file", plain, stored, _GROUP_BYTES)
    return least


def _plain(chunk: ColumnChunk, leaf: Any) -> int:
    """Bytes of a column chunk in memory; values of fixed length take their length also if stored in a dictionary."""
    width = leaf.length if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" else 0
    return max(chunk.uncompressed, width * chunk.values)


def _check_ratio(what: str, plain: int, packed: int, free: int) -> None:
    if plain > free and plain > _RATIO * packed:
        raise ParquetLimitError(f"{what} of {packed >> 10:,} kB would be {plain >> 20:,} MB")


def _check_values(chunk: ColumnChunk, leaf: Any, rows: int) -> None:
    if chunk.values < rows or (chunk.values > rows and not leaf.max_repetition_level):
        raise ThriftError(f"{chunk.values:,} values in {rows:,} rows")
    if chunk.values > max(rows, _VALUES):
        raise ParquetLimitError("a column holds lists of too many values")


def _repeated(leaf: Any, pages: Collection[Pages], *, whole: bool) -> int:
    """Bytes that each row of a batch may take, although the file stores them once; 0 when there are none."""
    if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY":
        return int(leaf.length)
    if leaf.physical_type != "BYTE_ARRAY":
        return 0
    return max((max(one.front_coded, one.dictionary if whole else 0) for one in pages), default=0)
