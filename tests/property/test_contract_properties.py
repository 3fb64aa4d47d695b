"""Reading cells and checking rows against slow, straightforward readings of spec/CONTRACT.md, pandas and csv."""

from __future__ import annotations

import csv
import io
import math
import re
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.batch import csv_blocks, csv_in
from sealift.batch.csv_in import CsvReader
from sealift.contract import Contract, Field, Output, Unreadable, columns_of, encode, read_cell, read_column

DTypes = Literal["float64", "float32", "int64", "bool", "string", "date", "datetime"]
OUTPUTS = (Output(name="label", kind="label", dtype="int64"),)

plain_numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str),
)
ODD = (
    " |NA|nan|NAN|NaN|-nan|inf|Infinity|1e999|-1e999|1e-400|1_0|0x10|1,5|1.|.5|.|+5| 7 |\u00a07|\u0661|null|None|"
    "true|1e5|1E5|5d|--1|1e"
)
odd_cells = st.sampled_from(["", *ODD.split("|")])
dates = st.one_of(
    st.dates().map(str),
    st.datetimes().map(lambda when: when.isoformat()),
    st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9]"),
)
cells = st.one_of(plain_numbers, odd_cells, st.text(max_size=8), dates)
words = st.none() | st.lists(st.sampled_from(["", "NA", "-999", "1", "nan", "-", "2024-01-01"]), unique=True)
columns_of_cells = st.lists(cells, max_size=30)


@given(columns_of_cells, st.sampled_from(["float64", "float32", "int64", "bool", "string", "date", "datetime"]), words)
def test_a_column_reads_as_its_cells(column: list[str], dtype: DTypes, words: list[str] | None) -> None:
    field = Field(name="x", dtype=dtype, missing_as=None if words is None else tuple(words))
    together = read_column(column, field)
    assert len(together) == len(column)
    for cell, value in zip(column, together, strict=True):
        alone = read_cell(cell, field)
        if isinstance(alone, Unreadable):
            assert isinstance(value, Unreadable)
        elif alone is None:
            assert value is None or math.isnan(float(value))
        else:
            assert value == alone


@given(st.one_of(plain_numbers, st.from_regex(r"[+-]?[0-9]{0,25}\.?[0-9]{0,25}([eE][+-]?[0-9]{1,3})?", fullmatch=True)))
def test_a_number_is_the_nearest_double(cell: str) -> None:
    value = read_cell(cell, Field(name="x", dtype="float64"))
    if not re.search(r"[0-9]", cell.lower().partition("e")[0]):
        assert value is None or isinstance(value, Unreadable)
        return
    assert isinstance(value, float)
    exact = Fraction(cell)
    if math.isinf(value):
        assert abs(exact) > Fraction(1.7976931348623157e308)
        return
    # no double lies nearer to what was written
    for other in (math.nextafter(value, math.inf), math.nextafter(value, -math.inf)):
        assert math.isinf(other) or abs(Fraction(value) - exact) <= abs(Fraction(other) - exact)


CATEGORIES: dict[DTypes, tuple[str | float | bool, ...]] = {
    "float64": (0.5, 2.0),
    "float32": (0.1, 2.0),
    "int64": (1, 2),
    "bool": (True,),
    "string": ("a",),
}
fields = st.builds(
    lambda dtype, missing, unknown, limits: Field(
        name="x",
        dtype=dtype,
        missing=missing,
        unknown=unknown,
        range=None if dtype == "string" else limits,
        categories=CATEGORIES[dtype],
    ),
    st.sampled_from(list(CATEGORIES)),
    st.sampled_from(["allowed", "refused"]),
    st.sampled_from(["allowed", "refused"]),
    st.sampled_from([None, (0.0, 1.5), (None, 2.0), (-1.0, None)]),
)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(),
    st.sampled_from([0.1, 0.5, 1.5, 2.0, 1e39, 2.0**53, 2.0**53 - 1]),
    st.text(max_size=3),
    st.sampled_from(["a", "b"]),
    st.builds(list),
)


def check_one(field: Field, value: Any) -> str | float | None:
    """Spec §2 and §5 for one value, written down as it stands there: the code, else what the graph gets."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "R101" if field.missing == "refused" else None
    if field.dtype == "string":
        if not isinstance(value, str) or "\0" in value:
            return "R102"
        return "R104" if field.unknown == "refused" and value not in (field.categories or ()) else "=" + value
    if not isinstance(value, bool | int | float):
        return "R102"
    try:
        number = float(value)
    except OverflowError:
        return "R102"
    if field.dtype == "float32":
        with np.errstate(over="ignore"):
            number = float(np.float32(number))
    if math.isinf(number):
        return "R102"
    if field.dtype == "int64" and (number % 1 or abs(number) > 2**53 - 1):
        return "R102"
    if field.dtype == "bool" and number not in (0, 1):
        return "R102"
    low, high = field.limits("range") or (None, None)
    if (low is not None and number < low) or (high is not None and number > high):
        return "R103"
    known = [float(category) for category in field.categories or ()]
    if field.dtype == "float32":
        known += [float(np.float32(category)) for category in known]
    return "R104" if field.unknown == "refused" and number not in known else number


@given(fields, st.lists(values, min_size=1, max_size=12))
def test_encoding_against_the_rules_one_value_at_a_time(field: Field, column: list[Any]) -> None:
    contract = Contract(inputs=(field,), outputs=OUTPUTS, task="clustering")
    batch = encode(contract, {"x": column})
    codes = {problem.row - 1: problem.code for problem in batch.problems}
    for row, value in enumerate(column):
        expected = check_one(field, value)
        if isinstance(expected, str) and not expected.startswith("="):
            assert codes[row] == expected
            assert not batch.good[row]
            continue
        assert row not in codes
        assert batch.good[row]
        if field.dtype == "string":
            assert batch.tensors["text_missing"][row, 0] == (expected is None)
            assert batch.tensors["text"][row, 0] == ("" if expected is None else str(expected)[1:])
        else:
            got = batch.tensors["number"][row, 0]
            assert np.isnan(got) if expected is None else got == expected


@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(allow_infinity=False), st.none() | st.text(max_size=4), st.none() | st.booleans()
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_same_rows_in_every_form_make_the_same_tensors(
    rows: list[tuple[float | None, str | None, bool | None]],
) -> None:
    contract = Contract(
        inputs=(
            Field(name="x", dtype="float64", missing="allowed"),
            Field(name="t", dtype="string", missing="allowed"),
            Field(name="b", dtype="bool", missing="allowed"),
        ),
        outputs=OUTPUTS,
        task="clustering",
    )
    names = ["x", "t", "b"]
    dicts = [dict(zip(names, row, strict=True)) for row in rows]
    lists = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    frame = pl.DataFrame(lists, schema={"x": pl.Float64, "t": pl.String, "b": pl.Boolean})
    forms: list[Any] = [
        dicts,
        lists,
        pd.DataFrame(lists),
        pd.DataFrame(lists).astype({"x": "Float64", "t": "string", "b": "boolean"}),
        pd.DataFrame(lists).astype({"t": "category"}),
        frame,
        pa.table(lists, schema=pa.schema({"x": pa.float64(), "t": pa.string(), "b": pa.bool_()})),
        np.array(rows, dtype=object),
        [list(row) for row in rows],
    ]
    first = encode(contract, columns_of(contract, forms[0]))
    for form in forms[1:]:
        batch = encode(contract, columns_of(contract, form))
        assert [(p.row, p.field, p.code) for p in batch.problems] == [(p.row, p.field, p.code) for p in first.problems]
        for name, tensor in first.tensors.items():
            np.testing.assert_array_equal(batch.tensors[name], tensor)


@given(
    st.lists(st.lists(st.text(max_size=5).filter(lambda cell: "\0" not in cell), min_size=3, max_size=3), min_size=1),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.integers(1, 4),
)
def test_csv_as_the_csv_module_writes_it(
    records: list[list[str]], separator: str, end: str, quoting: Literal[0, 1], size: int
) -> None:
    records = [[cell.replace("\r", " ").encode(errors="replace").decode() for cell in record] for record in records]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting).writerows([["a", "b", "c"], *records])
    reader = CsvReader(io.BytesIO(text.getvalue().encode()), "x.csv")
    problems: list[Any] = []
    for chunk in reader.chunks(["c", "a", "b"], size):
        assert chunk.count <= size
        piece: list[Any] = [None] * chunk.count
        sound = range(chunk.count) if chunk.sound is None else chunk.sound.tolist()
        for at, row in zip(sound, zip(*chunk.columns.values(), strict=True), strict=True):
            piece[at] = row
        assert [(p.row - len(problems) - 1, p.code) for p in chunk.faults] == [
            (at, "R107") for at, row in enumerate(piece) if row is None
        ]
        problems += piece
    rows = [(c, a, b) if a or b or c else None for a, b, c in records]
    while rows and rows[-1] is None:
        rows.pop()
    assert problems == rows
    assert reader.skipped == len(records) - len(rows)


number_columns = st.lists(st.tuples(cells, st.text(max_size=4), plain_numbers), min_size=1, max_size=25)


@settings(max_examples=200)
@given(number_columns, st.sampled_from(["\n", "\r\n"]), st.integers(10, 200), st.booleans())
def test_the_fast_way_reads_as_the_slow_one(
    rows: list[tuple[str, str, str]], end: str, block: int, ragged: bool
) -> None:
    lines = ["x,t,y", *(",".join(cell.replace("\0", "") for cell in row) for row in rows), *(["1,2"] * ragged)]
    data = (end.join(lines) + end).encode(errors="replace")

    def read(*, fast: bool) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_in, "_WORTH", 0 if fast else 1 << 40)
            patch.setattr(csv_blocks, "BLOCK", block)
            try:
                reader = CsvReader(io.BytesIO(data), "x.csv")
                chunks = list(reader.chunks(["x", "t", "y"], 3, {"x", "y"}))
            except Exception as error:
                return type(error), getattr(error, "code", ""), getattr(error, "where", "")
            table: list[Any] = []
            faults: list[Any] = []
            for chunk in chunks:
                columns = [chunk.columns["x"], chunk.columns["t"], chunk.columns["y"]]
                for i in (0, 2):
                    if not isinstance(columns[i], np.ndarray):
                        columns[i] = read_column(columns[i], Field(name="x", dtype="float64"))  # type: ignore[arg-type]
                sound = chunk.sound.tolist() if chunk.sound is not None else list(range(chunk.count))
                piece: list[Any] = [None] * chunk.count
                for at, row in zip(sound, zip(*columns, strict=True), strict=True):
                    piece[at] = tuple(_comparable(value) for value in row)
                table += piece
                faults += [(fault.row, fault.code) for fault in chunk.faults]
            return table, faults, reader.skipped

    assert read(fast=True) == read(fast=False)


def _comparable(value: Any) -> Any:
    if isinstance(value, Unreadable):
        return "unreadable", value.text
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return value
