"""Parquet files of some kilobytes whose headers claim gigabytes: what pyarrow wrote, with changed headers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from parquet_bytes import (
    BINARY,
    COMPRESSED,
    DATA,
    DATA_V2,
    DICTIONARY,
    GROUPS,
    I32,
    I64,
    LIST,
    ROWS,
    STRUCT,
    TYPE,
    UNCOMPRESSED,
    VALUES,
    Page,
    Parts,
    Raw,
    Struct,
    put_together,
    take_apart,
    varint,
)

MOST = 2**31 - 1
ROW_COUNT = 1000
_AGE, _SEX, _ID = 0, 2, 3
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {"use_dictionary": False, "compression": "none"},
    "snappy": {"use_dictionary": False},
    "dictionary, snappy": {},
    "dictionary, zstd": {"compression": "zstd"},
    "dictionary, gzip": {"compression": "gzip"},
    "version 2, snappy": {"use_dictionary": False, "data_page_version": "2.0"},
    "version 2, dictionary, zstd": {"data_page_version": "2.0", "compression": "zstd"},
    "version 2, delta, gzip": {
        "use_dictionary": False,
        "data_page_version": "2.0",
        "compression": "gzip",
        "column_encoding": {"sex": "DELTA_BYTE_ARRAY", "id": "DELTA_LENGTH_BYTE_ARRAY"},
    },
}


def table(rows: int = ROW_COUNT) -> pa.Table:
    """Rows for the model of `seals`."""
    return pa.table(
        {
            "age": [20.0 + i % 60 for i in range(rows)],
            "weight": [70.0] * rows,
            "sex": ["f", "m"] * (rows // 2),
            "id": [f"case {i % 100}" for i in range(rows)],
        }
    )


def written(rows: pa.Table | None = None, **options: Any) -> bytes:
    """The file that pyarrow writes."""
    stream = io.BytesIO()
    pq.write_table(table() if rows is None else rows, stream, **options)
    return stream.getvalue()


def _inner(page: Page) -> int:
    assert isinstance(page.header, dict)
    return {0: DATA, 2: DICTIONARY, 3: DATA_V2}[page.header[TYPE][1]]


def _raise_total(parts: Parts, column: int, size: int) -> Callable[[Struct], None]:
    """The footer claims `size` bytes for the column."""

    def edit(_: Struct) -> None:
        parts.columns()[column][6] = I64, size

    return edit


def _page_sizes(parts: Parts) -> Iterator[tuple[str, bytes]]:
    for column in (_AGE, _ID):
        page = parts.chunks[column][-1]
        what = f"column {column}: "
        before = page.header
        assert isinstance(before, dict)
        for size in (MOST, 2_000_000_000, -1, -(2**31)):
            page.header = dict(before)
            page.set(UNCOMPRESSED, value=size)
            yield what + f"page of {size} bytes", put_together(parts)
            if size > 0:
                total = parts.columns()[column][6]
                text = what + f"page and footer of {size} bytes"
                yield text, put_together(parts, _raise_total(parts, column, size + 100_000))
                parts.columns()[column][6] = total
        for size in (MOST, 100_000, -1):
            page.header = dict(before)
            page.set(COMPRESSED, value=size)
            yield what + f"page of {size} stored bytes", put_together(parts)
        page.header = before


def _value_counts(parts: Parts) -> Iterator[tuple[str, bytes]]:
    for column, which in ((_AGE, -1), (_ID, -1), (_ID, 0)):
        page = parts.chunks[column][which]
        if _inner(page) != DICTIONARY and which == 0:
            continue
        assert isinstance(page.header, dict)
        kind, fields = page.header[_inner(page)]
        for count in (MOST, ROW_COUNT + 1, -1) if _inner(page) != DICTIONARY else (MOST, 100_000, -1):
            page.header[_inner(page)] = kind, {**fields, VALUES: (I32, count)}
            yield f"column {column}, page {which}: {count} values", put_together(parts)
        page.header[_inner(page)] = kind, fields
    meta = parts.columns()[_AGE]
    for count in (2**62, ROW_COUNT + 1, -1):
        before = meta[5]
        meta[5] = I64, count
        yield f"column chunk of {count} values", put_together(parts)
        meta[5] = before


def _levels(parts: Parts) -> Iterator[tuple[str, bytes]]:
    page = parts.chunks[_ID][-1]
    if _inner(page) != DATA_V2:
        return
    assert isinstance(page.header, dict)
    kind, fields = page.header[DATA_V2]
    for field in (2, 3, 5, 6):
        for size in (MOST, -1):
            page.header[DATA_V2] = kind, {**fields, field: (I32, size)}
            yield f"field {field} of version 2: {size}", put_together(parts)
    page.header[DATA_V2] = kind, fields


def _headers(parts: Parts) -> Iterator[tuple[str, bytes]]:
    page = parts.chunks[_ID][-1]
    before = page.header
    assert isinstance(before, dict)
    kinds: dict[str, Struct] = {
        "overlong number": {UNCOMPRESSED: (I32, Raw(b"\x80" * 11 + b"\0"))},
        "endless number": {UNCOMPRESSED: (I32, Raw(b"\xff" * 1000))},
        "number of 64 bits": {UNCOMPRESSED: (I32, Raw(varint(2**40)))},
        "unknown type": {TYPE: (I32, 9)},
        "negative type": {TYPE: (I32, -1)},
        "no size": {UNCOMPRESSED: (I64, 10)},
        "no inner header": {_inner(page): (I32, 1)},
        "structs nested 100,000 deep": {20: (STRUCT, Raw(b"\x1c" * 100_000))},
        "lists nested 100,000 deep": {20: (LIST, Raw(b"\x19" * 100_000))},
        "list of two billion": {20: (LIST, Raw(b"\xfc" + varint(MOST)))},
        "map of two billion": {20: (11, Raw(varint(MOST) + b"\x55"))},
        "text of two billion": {20: (BINARY, Raw(varint(MOST)))},
        "unknown Thrift type": {20: (14, Raw(b"\0"))},
    }
    for what, fields in kinds.items():
        page.header = {**before, **fields}
        yield what, put_together(parts)
    page.header = b"\x15"
    yield "header of one byte", put_together(parts)
    page.header = b""
    yield "no header", put_together(parts)
    page.header = before
    pages = parts.chunks[_ID]
    head: Struct = {TYPE: (I32, 2), UNCOMPRESSED: (I32, 4), COMPRESSED: (I32, 4)}
    dictionary = Page({**head, DICTIONARY: (STRUCT, {1: (I32, 1), 2: (I32, 0)})}, b"\0" * 4)
    for what, changed in {
        "dictionary after data": [*pages, dictionary],
        "two dictionaries": [dictionary, dictionary, *pages],
        "two pages of all values": [*pages, pages[-1]],
        "no page": [],
    }.items():
        if what in ("dictionary after data", "two pages of all values"):
            # What stands after the last value is not read; so the first page must hold fewer values.
            assert isinstance(page.header, dict)
            kind, inner = page.header[_inner(page)]
            page.header[_inner(page)] = kind, {**inner, VALUES: (I32, ROW_COUNT - 1)}
        parts.chunks[_ID] = changed
        yield what, put_together(parts)
        page.header = before


def _footers(parts: Parts) -> Iterator[tuple[str, bytes]]:
    def edited(number: int, value: Any) -> bytes:
        before = dict(parts.footer)

        def edit(footer: Struct) -> None:
            footer[number] = value

        data = put_together(parts, edit)
        parts.footer.clear()
        parts.footer.update(before)
        return data

    groups = parts.footer[GROUPS][1][1]
    claim = b"\xfc" + varint(1 << 20)
    yield "footer: a million row groups claimed", edited(GROUPS, (LIST, Raw(claim)))
    yield "footer: a million columns claimed", edited(GROUPS, (LIST, Raw(b"\x1c\x19" + claim)))
    chunks = b"\x1c\x19" + claim + b"\x26\0\0" * (1 << 20)
    yield "footer: a million empty column chunks", edited(GROUPS, (LIST, Raw(chunks)))
    yield "footer: a million schema elements claimed", edited(2, (LIST, Raw(claim)))
    nested = (LIST, (STRUCT, [{4: (BINARY, b"a"), 5: (I32, 1)}] * 100_000))
    yield "footer: groups nested 100,000 deep", edited(2, nested)
    yield "footer: structs nested 100,000 deep", edited(20, (STRUCT, Raw(b"\x1c" * 100_000)))
    yield "footer: rows missing in its groups", edited(ROWS, (I64, 10))
    many = (LIST, (STRUCT, groups * 1000))
    before = parts.footer[ROWS]
    parts.footer[ROWS] = I64, ROW_COUNT * 1000
    yield "footer: a thousand row groups of the same bytes", edited(GROUPS, many)
    parts.footer[ROWS] = before
    yield "footer: encrypted columns", edited(8, (STRUCT, {1: (STRUCT, {})}))
    data = put_together(parts)
    yield "footer: encrypted", data[:-4] + b"PARE"
    yield "footer: longer than the file", data[:-8] + (2**32 - 1).to_bytes(4, "little") + b"PAR1"
    yield "footer: cut short", data[:-8] + (20).to_bytes(4, "little") + b"PAR1"


def _delta() -> Iterator[tuple[str, bytes]]:
    """Pages of strings with a false count of lengths."""
    for encoding in ("DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"):
        for codec in ("none", "snappy", "zstd"):
            for version in ("1.0", "2.0"):
                options = {"column_encoding": {"id": encoding}, "use_dictionary": False, "data_page_version": version}
                parts = take_apart(written(**options, compression=codec))
                page, meta = parts.chunks[_ID][-1], parts.columns()[_ID]
                assert isinstance(page.header, dict)
                levels = 0
                if version == "2.0":
                    kind, inner = page.header[DATA_V2]
                    levels = inner[5][1]
                    page.header[DATA_V2] = kind, {**inner, 7: (1, True)}
                runs = varint(ROW_COUNT << 1) + b"\1"  # definition levels: each value is there
                before = page.body[:levels] if levels else len(runs).to_bytes(4, "little") + runs
                for block, parts_of_block, count in (
                    (128, 4, MOST),
                    (128, 4, 300_000_000),
                    (2**31, 4, 300_000_000),
                    (2**32 - 128, 2**25, ROW_COUNT),
                    (0, 0, ROW_COUNT),
                ):
                    zero = varint(block) + varint(parts_of_block) + varint(count) + b"\0" + bytes(100)
                    content = zero if levels else before + zero
                    packed = content if codec == "none" else pa.Codec(codec).compress(content, asbytes=True)
                    page.body = page.body[:levels] + packed
                    page.set(UNCOMPRESSED, value=levels + len(content))
                    page.set(COMPRESSED, value=len(page.body))
                    meta[6] = I64, 100_000
                    what = f"{count} lengths in blocks of {block}"
                    yield f"{encoding}, {codec}, version {version}: {what}", put_together(parts)


def cases() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file, all of which are refused."""
    for variant, options in VARIANTS.items():
        for make in (_page_sizes, _value_counts, _levels, _headers):
            for what, data in make(take_apart(written(**options))):
                yield f"{variant}: {what}", data
    yield from _delta()
    yield from _footers(take_apart(written()))
