"""Check Parquet pages of strings that make pyarrow allocate more than the sizes in their headers.

The delta encodings begin with a count of lengths, for which pyarrow allocates 4 bytes each. Such pages are decompressed
one by one, and the count is compared with that of the page header.

Source: https://github.com/apache/parquet-format, Encodings.md (the delta encodings).
"""

from __future__ import annotations

from sealift.batch.thrift import CompactReader, ThriftError
from sealift.optional import need

_CODECS = {1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd", 7: "lz4_raw"}
_BYTES_OF_LENGTH = 4


def decompress(data: bytes, codec: int, size: int) -> bytes:
    """Decompress a page of `size` bytes. Raises ThriftError."""
    if codec == 0 or not size:
        return data
    if codec not in _CODECS:
        raise ThriftError(f"strings in a delta encoding are compressed by the codec {codec}")
    try:
        unpacked: bytes = (
            need("pyarrow", "tables", where="Parquet").Codec(_CODECS[codec]).decompress(data, size, asbytes=True)
        )
    except (OSError, ValueError) as error:
        raise ThriftError(f"a page cannot be decompressed: {str(error)[:100]}") from None
    return unpacked


def after_levels(data: bytes, kinds: int) -> int:
    """The position of the values in a page of version 1, after `kinds` (0, 1 or 2) runs of levels."""
    at = 0
    for _ in range(kinds):
        at += _BYTES_OF_LENGTH + int.from_bytes(data[at : at + _BYTES_OF_LENGTH], "little")
    return at


def check_lengths(data: bytes, values: int, *, front_coded: bool) -> None:
    """Check the counts of lengths in the `values` strings at the start of `data`. Raises ThriftError."""
    reader = CompactReader(data)
    if front_coded:
        _skip_numbers(reader, values)
    _count(reader, values)


def _count(reader: CompactReader, values: int) -> tuple[int, int, int]:
    block, parts, count = reader.varint(), reader.varint(), reader.varint()
    reader.varint()
    if not 0 < parts <= block <= len(reader.data) * 8 + (1 << 16):
        raise ThriftError("a page has lengths in blocks of the wrong size")
    if count > values:
        raise ThriftError(f"a page of {values:,} values has {count:,} lengths")
    return block, parts, count


def _skip_numbers(reader: CompactReader, values: int) -> None:
    block, parts, count = _count(reader, values)
    left = count - 1  # the first one is in the header
    while left > 0:
        reader.varint()
        for width in [reader.byte() for _ in range(parts)]:
            if left > 0:
                reader.at += width * (block // parts) // 8
                left -= block // parts


def longest(data: bytes, entries: int) -> int:
    """Bytes of the longest string in a dictionary. Raises ThriftError."""
    at = most = 0
    for _ in range(entries):
        size = int.from_bytes(data[at : at + _BYTES_OF_LENGTH], "little")
        most, at = max(most, size), at + _BYTES_OF_LENGTH + size
    if at > len(data):
        raise ThriftError("a dictionary is truncated")
    return most
