"""Rows of usual types are read without `encode`, which gives the same tensors; and how single values are read."""

from __future__ import annotations

import datetime
import math
import struct
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sealift.contract import Contract, Field, Output, columns_of, encode
from sealift.contract.check import quoted
from sealift.contract.datetimes import array_micros
from sealift.contract.plain_values import NotPlain, number, numbers, plain_strings
from sealift.contract.row_reader import RowReader
from sealift.contract.types import value_type
from sealift.contract.types.number import FLOAT64
from sealift.contract.types.single_precision import rounding_to, single

MICROS = 1_000_000
FIELDS = (
    Field(name="a", dtype="float64", range=(0, 10)),
    Field(name="s", dtype="string"),
    Field(name="n", dtype="int64", missing="allowed"),
    Field(name="t", dtype="string", missing="allowed", categories=("x", "y")),
)
ROWS: list[dict[str, Any]] = [
    {"a": 0.0, "s": "one", "n": 3, "t": "x"},
    {"a": 10.0, "s": "two", "n": None, "t": "y"},
    {"a": 2.5, "s": "\u00e9", "n": -7, "t": None},
]


def contract(more: int = 0) -> Contract:
    """Four inputs, and further ones of numbers."""
    wide = tuple(Field(name=f"x{i}", dtype="float64") for i in range(more))
    return Contract(
        inputs=(*FIELDS, *wide), outputs=(Output(name="value", kind="value", dtype="float64"),), task="regression"
    )


FORMS: dict[str, Any] = {
    "dicts": lambda rows: rows,
    "lists": lambda rows: [[*row.values()] for row in rows],
    "tuples": lambda rows: tuple(tuple(row.values()) for row in rows),
    "an array of objects": lambda rows: np.array([[*row.values()] for row in rows], dtype=object),
}


def same(tensors: Any, expected: Any) -> None:
    assert tensors is not None
    assert tensors.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(tensors[name], array)


@pytest.mark.parametrize("more", [0, 200])
@pytest.mark.parametrize("form", FORMS)
def test_rows_of_texts_and_numbers(form: str, more: int) -> None:
    asked = contract(more)
    reader = RowReader(asked)
    full = [{**row, **{f"x{i}": float(i) for i in range(more)}} for row in ROWS]
    rows = FORMS[form](full)
    expected = encode(asked, columns_of(asked, rows)).tensors
    count, piece = reader.pieces(rows)
    assert count == 3
    same(piece(0, 3), expected)
    same(piece(1, 2), {name: array[1:2] for name, array in expected.items()})
    count, piece = reader.columns(columns_of(asked, rows))
    assert count == 3
    same(piece(0, 3), expected)
    for i in range(3):
        single_row = {name: array[i : i + 1] for name, array in expected.items()}
        same(reader.one(rows[i : i + 1]), single_row)
        count, piece = reader.pieces(rows[i : i + 1])
        assert count == 1
        same(piece(0, 1), single_row)


@pytest.mark.parametrize("more", [0, 200])
def test_one_row_as_a_dict(more: int) -> None:
    asked = contract(more)
    reader = RowReader(asked)
    row = {**ROWS[0], **{f"x{i}": float(i) for i in range(more)}}
    expected = encode(asked, columns_of(asked, row)).tensors
    same(reader.one(row), expected)
    count, piece = reader.pieces(row)
    assert count == 1
    same(piece(0, 1), expected)
    without = {name: value for name, value in row.items() if name != "n"}
    assert reader.one(without) is None
    count, piece = reader.pieces(without)
    assert count == 1
    same(piece(0, 1), encode(asked, columns_of(asked, without)).tensors)


def test_frames_and_tables_of_numbers() -> None:
    numeric = Contract(
        inputs=tuple(Field(name=name, dtype="float64") for name in "ab"), outputs=contract().outputs, task="regression"
    )
    reader = RowReader(numeric)
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})
    for rows in (frame, frame[["b", "a"]], frame.to_numpy(), pa.table({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})):
        count, piece = reader.pieces(rows)
        assert count == 3
        same(piece(0, 3), {"number": frame.to_numpy()})
        same(piece(1, 3), {"number": frame.to_numpy()[1:]})


@pytest.mark.parametrize("value", [-0.001, 10.001, math.inf, math.nan, None])
def test_a_number_out_of_its_range_is_left_to_the_check(value: Any) -> None:
    asked = contract()
    row = {**ROWS[0], "a": value}
    assert RowReader(asked).one(row) is None
    batch = encode(asked, columns_of(asked, row))
    assert not batch.good.any()


@pytest.mark.parametrize("value", [0.0, 10.0, 5.0])
def test_both_ends_of_a_range_belong_to_it(value: float) -> None:
    tensors = RowReader(contract()).one({**ROWS[0], "a": value})
    assert tensors is not None
    assert tensors["number"][0, 0] == value


# Single values.


def test_values_in_messages_are_pythons() -> None:
    shown = [
        quoted(value)
        for value in (np.float32(0.1), np.int64(3), np.bool_(True), np.datetime64("2020-01-02T03:04"), np.str_("x"))
    ]
    assert shown == ["0.10000000149011612", "3", "true", "2020-01-02T03:04:00", "the text 'x'"]
    assert quoted(datetime.date(2020, 1, 2)) == "2020-01-02"


@pytest.mark.parametrize("unit", ["W", "D", "h", "m", "s", "ms", "us", "ns"])
def test_arrays_of_dates_are_whole_microseconds(unit: str) -> None:
    days = np.array(["1969-12-25", "2020-01-02", "NaT"], dtype=f"datetime64[{unit}]")
    read = array_micros(days)
    assert read is not None
    micros, missing = read
    assert missing.tolist() == [False, False, True]
    epoch = datetime.datetime(1970, 1, 1)
    for value, micro in zip(days[:2].astype("datetime64[us]").tolist(), micros[:2].tolist(), strict=True):
        assert (value - epoch) // datetime.timedelta(microseconds=1) == micro


@pytest.mark.parametrize("value", ["1.5", b"1", [1.0], pd.Timestamp("2020-01-01"), 1j])
@pytest.mark.parametrize("count", [1, 100_000])
def test_what_is_no_number_is_not_read_as_one(value: Any, count: int) -> None:
    with pytest.raises(NotPlain):
        number(value)
    with pytest.raises(NotPlain):
        numbers([1.0] * (count - 1) + [value])


def test_missing_numbers_are_nan() -> None:
    for missing in (None, pd.NA, math.nan, np.float64("nan"), pd.NaT):
        assert math.isnan(number(missing))
    assert number(True) is True
    assert numbers([1, None, 2.5]).tolist()[::2] == [1.0, 2.5]


def test_strings_and_where_they_are_missing() -> None:
    assert plain_strings(["a", None, ""]) == (["a", "", ""], [1])
    for wrong in ("\0", "a\0b", "\ud800"):
        with pytest.raises(NotPlain):
            plain_strings(["a", wrong])
    assert plain_strings(["\u00e9", "\U0001f600"])[1] == []


def test_a_type_without_numbers_says_so() -> None:
    string = value_type("string")
    assert string is not None
    with pytest.raises(ValueError, match="float is not a string"):
        string.number(1.0)
    with pytest.raises(ValueError, match="list is not a column of string"):
        string.numbers([1.0])


def test_cells_of_numbers_are_read_at_once() -> None:
    rules: Any = SimpleNamespace(missing=frozenset({"NA", "nan", ""}), words={}, dates=None, numeric_words=False)
    for cells in (["1", "2.5", "-3e2"], ["1", "NA", ""], ["1", "nan", "2"]):
        read = FLOAT64.cells(cells, rules)
        assert isinstance(read, np.ndarray)
        expected = [math.nan if cell in rules.missing else float(cell) for cell in cells]
        np.testing.assert_array_equal(read, expected)
    for cells in (["1", "inf"], ["1", "1e999"], ["1", "NAN"], ["1", "1_0"], ["1", "\u0661"]):
        assert not isinstance(FLOAT64.cells(cells, rules), np.ndarray)


@pytest.mark.parametrize("bound", [0.0, 1.0, -2.5, 0.1, float(np.float32(0.1)), 3.4028234663852886e38, 1e39, 1e-46])
def test_the_doubles_whose_float32_is_within_bounds(bound: float) -> None:
    low, high = rounding_to(-bound, bound)
    assert low == -high
    assert single(high) <= bound or bound < -3.5e38
    assert high == 3.5e38 or single(math.nextafter(high, math.inf)) > bound
    packed = struct.unpack("f", struct.pack("f", 0.1))[0]
    assert single(0.1) == packed
