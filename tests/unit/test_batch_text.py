"""The fast ways of CSV in and out, beside the csv module: the same values and the same bytes, or they decline."""

from __future__ import annotations

import csv
import io
import math
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow  # noqa: F401 -- the fast writer uses it where it was imported before
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import sealift
from sealift.batch import csv_blocks, csv_in, score
from sealift.batch.chunks import OutputColumn
from sealift.batch.csv_fast import ArrowBlocks
from sealift.batch.csv_in import separator_of
from sealift.batch.csv_numbers import NumberBlocks
from sealift.batch.csv_out import CsvWriter, as_text
from sealift.batch.csv_text import lines
from sealift.batch.ordered_map import ordered_map
from sealift.contract import MISSING_WORDS, Field, read_column

COLUMNS = [
    OutputColumn("row", "int64"),
    OutputColumn("value", "float64"),
    OutputColumn("flag", "bool"),
    OutputColumn("text", "string"),
    OutputColumn("error", "string"),
]


def slow(columns: Any, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The csv module's bytes."""
    with monkeypatch.context() as patched:
        patched.setattr("sealift.batch.csv_out.lines", lambda columns, odd: None)
        return CsvWriter(io.BytesIO(), COLUMNS, "x").rendered(columns)


FLOATS = st.lists(st.one_of(st.floats(), st.integers(-(2**60), 2**60).map(float), st.floats(1e-5, 1e16)), min_size=1)
EDGES = [0.0, -0.0, 1e-4, math.nextafter(1e-4, 0), 1e15, 1e16, 123456789012345.6, 0.1, 5e-324, math.nan, math.inf]
SPELLED = np.random.default_rng(0).random(20_000) * 10.0 ** np.random.default_rng(1).integers(-6, 17, 20_000)


@settings(max_examples=300, deadline=None)
@given(FLOATS)
@example(EDGES)
@example([-value for value in EDGES])
@example(SPELLED.tolist())
def test_numbers_are_spelled_as_the_csv_module_spells_them(values: list[float]) -> None:
    count = len(values)
    rendered = lines([range(7, 7 + count), np.array(values), np.arange(count) % 2 == 0, [""] * count], as_text)
    text = io.StringIO(newline="")
    rows = ([7 + i, as_text(v), str(i % 2 == 0).lower(), ""] for i, v in enumerate(values))
    csv.writer(text, lineterminator="\n").writerows(rows)
    assert rendered == text.getvalue().encode()


@pytest.mark.parametrize("text", ["plain", "ü 日本", "", " x ", "=1"])
def test_strings_without_quotes_are_written_at_once(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    columns: list[Any] = [range(1, 3), np.array([0.5, 1.0]), np.array([True, False]), [text, "b"], ["", text]]
    rendered = lines(columns, as_text)
    assert rendered is not None
    assert rendered == slow(columns, monkeypatch) == CsvWriter(io.BytesIO(), COLUMNS, "x").rendered(columns)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    del columns[2]  # booleans are left to the csv module without pyarrow
    assert lines(columns, as_text) == rendered.replace(b"true,", b"").replace(b"false,", b"")


@pytest.mark.parametrize("values", [[0.5, 1e-7, -0.0, 1e22, 3.0], [0.5, math.nan], [math.inf, 0.5]])
def test_numbers_without_pyarrow(values: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    columns: list[Any] = [range(1, len(values) + 1), np.array(values), ["a"] * len(values)]
    with_arrow = lines(columns, as_text)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert lines(columns, as_text) == (with_arrow if np.isfinite(values).all() else None)


@pytest.mark.parametrize("text", ["a,b", 'a"b', "a\nb", "a\rb", None, 5])
def test_other_cells_are_left_to_the_csv_module(text: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    columns: list[Any] = [range(1, 3), np.array([0.5, 1.0]), np.array([True, False]), [text, "b"], ["", ""]]
    assert lines(columns, as_text) is None
    assert CsvWriter(io.BytesIO(), COLUMNS, "x").rendered(columns) == slow(columns, monkeypatch)


CELL = st.one_of(
    st.sampled_from(["1", "-2.5", ".5", "5.", "1e3", "1E-3", "+4", "", "0.1", "123456789.123456789", "1e22", "-0"]),
    st.sampled_from(["-0.0", "-.0", "0e5", "-0e5", "007.50", "0.000000000000000000000000123", "9007199254740993"]),
    st.sampled_from(["9007199254740992.5", "-9223372036854775808", "99999999999999999999.5", "1" * 40]),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-1000, 1000, places=3).map(str),
)


@pytest.mark.parametrize(
    ("header", "separator"),
    [
        ("a,b;c", ","),
        ("a,b\tc", ","),
        ("a;b\tc", ";"),
        ("a,b;c;d", ";"),
        ("a,b\tc\td", "\t"),
        ("a;b\tc\td", "\t"),
        ("a,b,c;d\te", ","),
        ("a,b;c;d\te\tf", ";"),
        ("a", ","),
        ('"a;;;",b', ","),
        ('"a,,,";b', ";"),
        ("\r\na;b", ";"),
    ],
)
def test_the_separator_is_the_commonest_and_a_comma_before_a_semicolon_before_a_tab(
    header: str, separator: str
) -> None:
    assert separator_of(header) == separator


ODD = st.sampled_from(
    [
        "NA",
        "nan",
        "inf",
        "1e999",
        "-",
        "+",
        ".",
        "e5",
        "1.5.2",
        "1e5e5",
        "1-2",
        "--1",
        "1e",
        "1_0",
        " 1",
        "1 ",
        "0x1",
        "x",
    ]
)


@pytest.mark.parametrize("cell", ["-", "+", "-.", "+.", ".", "1-", "e", "-e5"])
def test_a_sign_without_a_digit_is_no_number(cell: str) -> None:
    for block in (f"{cell}\n", f"1\n{cell}\n", f"{cell}\n2.5\n"):
        assert NumberBlocks(1, {"c": 0}, ",").columns(block.encode()) is None


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 4), st.data(), st.sampled_from(",;\t"), st.booleans())
def test_blocks_of_numbers_are_read_as_cells_are(width: int, data: st.DataObject, separator: str, odd: bool) -> None:
    cell = st.one_of(CELL, CELL, ODD) if odd else CELL
    records = data.draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=6))
    block = "".join(separator.join(record) + "\n" for record in records)
    columns = NumberBlocks(width, {f"c{i}": i for i in range(width)}, separator).columns(block.encode())
    empty = any(not any(record) for record in records)
    assert not (empty and columns), "an empty record is no row"
    if columns is None:
        assert odd or empty
        return
    assert columns[0] == len(records)
    for i in range(width):
        wanted = read_column([record[i] for record in records], Field(name="c", dtype="float64", missing="allowed"))
        assert isinstance(wanted, np.ndarray)
        assert np.array_equal(columns[1][f"c{i}"], wanted, equal_nan=True)
        assert np.array_equal(np.signbit(columns[1][f"c{i}"]), np.signbit(wanted))


@pytest.mark.parametrize(
    "block",
    [
        "1,2\n3\n",
        "1,2\n3,4,5\n",
        "1\n2,3,4\n",
        "1,2,3\n4\n",
        "1,2\n\n",
        "\n1,2\n",
        "1,x\n",
        "1.5.2,1\n",
        "1e999,1\n",
        "1;2\n",
    ],
)
def test_other_blocks_are_left_to_the_csv_module(block: str) -> None:
    assert NumberBlocks(2, {"a": 0, "b": 1}, ",").columns(block.encode()) is None


def test_a_last_line_without_an_end() -> None:
    columns = NumberBlocks(2, {"b": 1}, ",").columns(b"1,2\n3,4")
    assert columns is not None
    assert (columns[0], list(columns[1]["b"])) == (2, [2.0, 4.0])


def test_results_are_in_order_and_few_items_are_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for i in range(50):
            taken.append(i)
            yield i

    def work(item: int) -> int:
        time.sleep(0.002 * (item % 3))
        return item

    for place, result in enumerate(ordered_map(items(), work, workers=3, size=lambda item: 1, most=2)):
        assert result == place
        assert len(taken) <= place + 4


@pytest.mark.parametrize("workers", [1, 3])
def test_errors_come_after_the_results_before_them(workers: int) -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise KeyError("items")

    def work(item: int) -> int:
        if item == 7:
            raise ValueError("work")
        return item

    done: list[int] = []
    with pytest.raises(KeyError):
        done.extend(ordered_map(items(), work, workers=workers, size=lambda item: 1, most=9))
    assert done == list(range(5))
    done = []
    with pytest.raises(ValueError, match="work"):
        done.extend(ordered_map(range(20), work, workers=workers, size=lambda item: 1, most=9))
    assert done == list(range(7))


def test_no_thread_is_left_when_the_caller_stops() -> None:
    before = threading.active_count()
    results = ordered_map(iter(range(100)), lambda item: item, workers=3, size=lambda item: 1, most=9)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


@pytest.mark.parametrize("arrow", [True, False])
def test_a_file_in_many_chunks_is_answered_as_by_one_thread(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrow: bool
) -> None:
    rows = [["61.5", "80", "f"], ["", "70.25", "m"], ["40", "55.5", "m"], ["130", "60", "f"], ["x", "60", "q"]]
    source = tmp_path / "rows.csv"
    source.write_text("age,weight,sex\n" + "".join(",".join(rows[i * i % 5]) + "\n" for i in range(3000)))
    if not arrow:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    model, texts = sealift.load(tiny, threads=2), []
    for processors in (1, 3):
        monkeypatch.setattr("sealift.runtime.processors.processors", lambda processors=processors: processors)
        output = tmp_path / f"{processors}.csv"
        summary = score(model, source, output, chunk=100)
        texts.append((output.read_bytes(), summary.problems, summary.cautions, summary.refused, summary.rows))
    assert texts[0] == texts[1]
    assert texts[0][3] > 0
    assert texts[0][4] == 3000


@pytest.mark.parametrize("word", [word for word in MISSING_WORDS if word])
def test_words_for_missing_values_from_any_block_on(word: str) -> None:
    blocks = ArrowBlocks(3, {"a": 0, "b": 1, "t": 2}, {"a", "b"}, ",")
    for text in (b"1,2,x\n,3,\n", f"1,{word},{word}\n".encode(), b"4,,y\n"):
        columns = blocks.columns(text)
        assert columns is not None
        cells = [line.split(",") for line in text.decode().splitlines()]
        assert columns[0] == len(cells)
        for place, name in enumerate(("a", "b")):
            known = np.array([np.nan if cell in MISSING_WORDS else float(cell) for cell in (c[place] for c in cells)])
            assert np.array_equal(np.asarray(columns[1][name]), known, equal_nan=True)
        assert columns[1]["t"] == [cell[2] for cell in cells]
    for refused in (b"inf,1,x\n", b"1e999,1,x\n", b"x,1,x\n"):
        assert blocks.columns(refused) is None
    assert blocks.columns(f"{word},1,x\n".encode()) is not None


@pytest.mark.parametrize("refused", ["inf", "-Infinity", "1e999", "x", "1.5.2"])
def test_what_is_no_number_is_left_to_the_csv_module_in_the_first_block(refused: str) -> None:
    assert ArrowBlocks(1, {"a": 0}, {"a"}, ",").columns(f"1\n{refused}\n".encode()) is None


@pytest.mark.parametrize("block", [b",,\n", b"1,2,x\n,,\n", b",,\n,2,x\n1,,x\n", b",2,\n1,,\n,,\n"])
def test_an_empty_record_is_left_to_the_csv_module(block: bytes) -> None:
    assert ArrowBlocks(3, {"a": 0, "b": 1, "t": 2}, {"a", "b"}, ",").columns(block) is None


def test_a_record_without_its_numbers_is_not_empty() -> None:
    columns = ArrowBlocks(3, {"a": 0, "b": 1}, {"a", "b"}, ",").columns(b",,x\n,,y\n")
    assert columns is not None
    assert columns[0] == 2
    assert np.isnan(columns[1]["a"]).all()


class Reading:
    """A binary stream with `read` and `readline` only."""

    def __init__(self, data: bytes) -> None:
        self.bytes = io.BytesIO(data)
        self.seek, self.read, self.readline = self.bytes.seek, self.bytes.read, self.bytes.readline


@pytest.mark.parametrize("wrap", [io.BytesIO, Reading])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [1, 5, 6, 7, 100])
def test_blocks_are_whole_lines(monkeypatch: pytest.MonkeyPatch, wrap: Any, end: bytes, size: int) -> None:
    monkeypatch.setattr(csv_blocks, "BLOCK", size)
    text = end.join([b"1,2", b"", b"33,4", b"5,6"])
    blocks, start, read, ends, count = csv_blocks.LineBlocks(wrap(text)), 0, b"", 0, 0
    while (block := blocks.read(start)) is not None:
        more = csv_blocks.line_count(block)
        ends, count = ends + more[0], count + more[1]
        start += len(block) + (block.tobytes() if isinstance(block, memoryview) else block).count(b"\n") * (
            len(end) - 1
        )
        read += bytes(block)
    assert read == text.replace(b"\r\n", b"\n")
    assert (start, ends, count) == (len(text), 3, 4)


@pytest.mark.parametrize("text", [b'1,"2"\n', b"1,2\r3,4\n", b"1" * 50 + b"\n"])
def test_blocks_end_where_the_csv_module_must_read(monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    monkeypatch.setattr(csv_blocks, "BLOCK", 5)
    monkeypatch.setattr(csv_blocks, "LONGEST_LINE", 40)
    blocks = csv_blocks.LineBlocks(io.BytesIO(b"7,8\n" + text))
    assert blocks.read(4) is None
    monkeypatch.setattr(csv_blocks, "BLOCK", 2)
    first = csv_blocks.LineBlocks(io.BytesIO(b"7,8\n" + text)).read(0)
    assert first is not None
    assert bytes(first) == b"7,8\n"


def test_an_error_between_two_blocks_is_not_replaced(tiny: Path, tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("age,weight,sex\n" + "40,60,f\n" * 50_000)

    def stop(*_: int) -> None:
        raise KeyError("mine")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_in, "_WORTH", 0)
        with pytest.raises(KeyError, match="mine"):
            score(sealift.load(tiny), source, tmp_path / "answers.csv", progress=stop)


@pytest.mark.parametrize("errors", [["", ""], ["", "[R101] x"], ["a,b", ""], [None, ""]])
def test_the_last_column_may_be_empty(errors: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    columns: list[Any] = [range(1, 3), np.array([0.5, 0.25]), np.array([True, False]), ["x", "y"], errors]
    assert CsvWriter(io.BytesIO(), COLUMNS, "x").rendered(columns) == slow(columns, monkeypatch)
