"""Ordinary Parquet files of every form that libraries write are read, and give the rows that pyarrow gives."""

from __future__ import annotations

import datetime
import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parquet_bytes import COMPRESSED, DICTIONARY, I64, LIST, STRUCT, UNCOMPRESSED, VALUES, put_together, take_apart
from sealift.batch import parquet_limits
from sealift.batch.parquet import ParquetReader
from sealift.errors import FileError

ROWS = 1000


def table() -> pa.Table:
    rng = np.random.default_rng(0)
    texts = [None if i % 7 == 0 else f"text {i % 50}" for i in range(ROWS)]
    return pa.table(
        {
            "number": rng.normal(size=ROWS),
            "gaps": pa.array([None if i % 3 else i for i in range(ROWS)], pa.int64()),
            "flag": pa.array([i % 2 == 0 for i in range(ROWS)]),
            "text": texts,
            "large": pa.array(texts, pa.large_string()),
            "long": ["x" * 10_000 if i % 100 == 0 else str(i) for i in range(ROWS)],
            "fixed": pa.array([bytes([i % 256]) * 16 for i in range(ROWS)], pa.binary(16)),
            "day": [datetime.date(2024, 1, 1 + i % 28) for i in range(ROWS)],
            "category": pa.array(texts).dictionary_encode(),
            "nothing": pa.nulls(ROWS),
            "list": [["a", "b"][: i % 3] for i in range(ROWS)],
            "lists": [[None, f"{i % 900}", "b"][: i % 4] if i % 5 else None for i in range(ROWS)],
            "struct": [{"a": i, "b": "s"} for i in range(ROWS)],
            "dotted.name": list(range(ROWS)),
        }
    )


def rows_of(data: bytes, names: list[str] | None = None) -> dict[str, list[Any]]:
    """All values, as the reader gives them."""
    reader = ParquetReader(io.BytesIO(data), "in.parquet")
    names = reader.names if names is None else names
    values: dict[str, list[Any]] = {name: [] for name in names}
    for chunk in reader.chunks(names, 4096):
        for name in names:
            values[name].extend(chunk.columns[name])
    return values


def written(rows: pa.Table, **options: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(rows, stream, **options)
    return stream.getvalue()


FORMS: dict[str, dict[str, Any]] = {
    **{f"codec {name}": {"compression": name} for name in ("none", "snappy", "gzip", "brotli", "zstd", "lz4")},
    "pages of version 2": {"data_page_version": "2.0"},
    "pages of version 2, no dictionary": {"data_page_version": "2.0", "use_dictionary": False, "compression": "zstd"},
    "no dictionary": {"use_dictionary": False},
    "small dictionary": {"dictionary_pagesize_limit": 64},
    "page index": {"write_page_index": True},
    "checksums": {"write_page_checksum": True},
    "no statistics": {"write_statistics": False},
    "small pages": {"data_page_size": 16, "write_batch_size": 4},
    "many row groups": {"row_group_size": 50},
    "no schema of Arrow": {"store_schema": False},
    "format 1.0": {"version": "1.0"},
    "byte stream split": {"use_dictionary": False, "use_byte_stream_split": ["number"]},
    "delta": {
        "use_dictionary": False,
        "column_encoding": {
            "gaps": "DELTA_BINARY_PACKED",
            "text": "DELTA_BYTE_ARRAY",
            "large": "DELTA_LENGTH_BYTE_ARRAY",
            "long": "DELTA_BYTE_ARRAY",
            "fixed": "DELTA_BYTE_ARRAY",
        },
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_pyarrow(form: str) -> None:
    rows = table()
    if form == "format 1.0":
        rows = rows.drop_columns(["day"])
    data = written(rows, **FORMS[form])
    expected = {name: rows[name].to_pylist() for name in rows.column_names}
    assert rows_of(data) == expected


@pytest.mark.skipif(pa.__version__ < "24", reason="pyarrow writes Bloom filters since 24")
def test_bloom_filters() -> None:
    rows = table().select(["text", "number"])
    data = written(rows, bloom_filter_options={"text": {"ndv": 1000, "fpp": 0.05}})
    assert rows_of(data)["text"] == rows["text"].to_pylist()


def test_no_rows() -> None:
    for options in ({}, {"data_page_version": "2.0"}, {"use_dictionary": False}):
        data = written(table().slice(0, 0), **options)
        assert not any(rows_of(data).values())
    stream = io.BytesIO()
    pq.ParquetWriter(stream, table().schema).close()  # without a row group
    assert not any(rows_of(stream.getvalue()).values())


@pytest.mark.parametrize("codec", ["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"])
def test_forms_of_polars(codec: Any, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "number": [i / 7 for i in range(ROWS)],
            "text": [f"t{i % 40}" for i in range(ROWS)],
            "unlike": [f"value {i}" for i in range(ROWS)],
            "gaps": [None if i % 5 else i for i in range(ROWS)],
            "list": [["a"] * (i % 3) for i in range(ROWS)],
            "category": pl.Series([f"c{i % 9}" for i in range(ROWS)], dtype=pl.Categorical),
        }
    )
    frame.write_parquet(tmp_path / "in.parquet", compression=codec, row_group_size=300)
    assert rows_of((tmp_path / "in.parquet").read_bytes()) == frame.to_dict(as_series=False)


def test_lists_and_structs_are_read_in_bounded_parts() -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 400, pa.int32()), pa.array(["a" * 500_000]))
    lists = pa.ListArray.from_arrays(pa.array([0, 2, 400], pa.int32()), texts)
    data = written(pa.table({"list": lists}), compression="zstd")
    (chunk, bad) = ParquetReader(io.BytesIO(data), "in").chunks(["list"], 4096)
    assert list(chunk.columns["list"]) == [["a" * 500_000] * 2]
    assert [(problem.row, problem.code) for problem in bad.faults] == [(2, "R106")]


def test_a_column_with_a_dot_in_its_name_is_checked() -> None:
    parts = take_apart(written(pa.table({"a.b": ["x"] * 100})))
    parts.chunks[0][-1].set(UNCOMPRESSED, value=2**31 - 1)
    with pytest.raises(FileError, match=r'row group 0, column "a\.b": pages of 2,147,483,'):
        rows_of(put_together(parts))


def test_values_of_fixed_length_count_as_long_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(pa.table({"a": pa.array([b"x" * 100_000] * 20, pa.binary(100_000))}))
    assert len(rows_of(data)["a"]) == 20
    monkeypatch.setattr(parquet_limits, "_PLAIN_BYTES", 1_000_000)
    with pytest.raises(FileError, match=r"a row group of .* kB would be 1 MB"):
        rows_of(data)


def test_encrypted_columns() -> None:
    rows = pa.table({"a": [1, 2]})
    parts = take_apart(written(rows))
    parts.footer[4][1][1][0][1][1][1][0][8] = STRUCT, {1: (STRUCT, {})}
    with pytest.raises(FileError, match="it is encrypted") as caught:
        rows_of(put_together(parts))
    assert caught.value.fix == "Write it again without encryption."


@pytest.mark.skipif(int(pa.__version__.partition(".")[0]) < 19, reason="pyarrow reads no histograms before 19")
def test_statistics_that_contradict_the_schema_do_not_end_the_process() -> None:
    parts = take_apart(written(pa.table({"a": [1, 2]})))
    parts.columns()[0][16] = STRUCT, {3: (LIST, (I64, [1, 2, 3, 4, 5]))}
    with pytest.raises(FileError, match="histogram"):
        rows_of(put_together(parts))


def test_indices_beyond_the_dictionary() -> None:
    parts = take_apart(written(pa.table({"a": ["x", "y"] * 100, "l": [["x", "y"]] * 200}), compression="none"))
    for column, pages in enumerate(parts.chunks):
        page = pages[0]
        body = page.body
        page.set(DICTIONARY, VALUES, value=1)
        page.body = body[:5]
        page.set(UNCOMPRESSED, value=5)
        page.set(COMPRESSED, value=5)
        with pytest.raises(FileError, match=r"(?i)index|dictionary"):
            rows_of(put_together(parts), [["a"], ["l"]][column])
