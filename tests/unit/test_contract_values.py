"""Dates, arrays, single precision and forms of rows in contracts, with the errors for what cannot be read."""

from __future__ import annotations

import datetime
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealift.contract import Contract, Field, Output, columns_of, encode
from sealift.contract.capabilities import is_provisional
from sealift.contract.cautions import Cautions
from sealift.contract.compiled import CompiledContract
from sealift.contract.datetimes import array_micros, micros_of, text_of
from sealift.contract.types import value_type
from sealift.contract.values import Unreadable
from sealift.errors import ContractError

SECOND = 1_000_000
DAY = 86_400 * SECOND
RULES: Any = SimpleNamespace(missing=frozenset({"", "NA"}), words={}, dates=None, numeric_words=False)


def contract(*fields: Field) -> Contract:
    return Contract(inputs=fields, outputs=(Output(name="value", kind="value", dtype="float64"),), task="regression")


def known(dtype: str) -> Any:
    kind = value_type(dtype)
    assert kind is not None
    return kind


# Dates.


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (datetime.datetime(1970, 1, 2, 3, 4, 5, 6), DAY + (3 * 3600 + 4 * 60 + 5) * SECOND + 6),
        (datetime.datetime(1969, 12, 31, 23, 59), -60 * SECOND),
        (pd.Timestamp("2024-03-01T12:30:00.5"), 19_783 * DAY + 45_000 * SECOND + 500_000),
        (datetime.date(2024, 3, 1), 19_783 * DAY),
        ("2024-03-01T12:30", 19_783 * DAY + 45_000 * SECOND),
        (np.datetime64("2024-03"), 19_783 * DAY),
        (datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC), None),
        (pd.Timestamp(1), None),
        (np.datetime64("NaT"), None),
        ("2024-02-30", None),
        ("0001-01-01T00:00:00.000001", None),
    ],
)
def test_the_microseconds_of_a_time(value: object, micros: int | None) -> None:
    assert micros_of(value, "datetime") == micros
    assert micros_of(value, "date") == (micros if micros is not None and micros % DAY == 0 else None)
    if micros is not None:
        assert micros_of(text_of(micros, "datetime"), "datetime") == micros


def test_times_are_written_without_zeros_at_the_end() -> None:
    for micros, text in (
        (500_000, "1970-01-01T00:00:00.5"),
        (10, "1970-01-01T00:00:00.00001"),
        (0, "1970-01-01T00:00:00"),
    ):
        assert text_of(micros, "datetime") == text
    assert text_of(10 * SECOND, "datetime") == "1970-01-01T00:00:10"
    assert text_of(DAY, "date") == "1970-01-02"


@pytest.mark.parametrize(("unit", "text"), [("M", "2024-03"), ("Y", "2024")])
def test_months_and_years_are_their_first_days(unit: str, text: str) -> None:
    read = array_micros(np.array([text, "NaT", "1969"], dtype=f"datetime64[{unit}]"))
    assert read is not None
    assert read[0].tolist() == [micros_of(f"{text}-01-01"[:10] if unit == "Y" else f"{text}-01", "date"), 0, -365 * DAY]
    assert read[1].tolist() == [False, True, False]


DATES = ["2024-03-01", None, "1969-12-31"]


@pytest.mark.parametrize(
    "column",
    [
        DATES,
        tuple(DATES),
        np.array(DATES, dtype=object),
        np.array([date or "NaT" for date in DATES], dtype="datetime64[D]"),
        [None if date is None else datetime.datetime.fromisoformat(date) for date in DATES],
        ["2024-03-01T00:00", None, "1969-12-31"],
    ],
)
def test_columns_of_dates_as_numbers(column: Any) -> None:
    expected = [19_783.0 * DAY, math.nan, -float(DAY)]
    np.testing.assert_array_equal(known("date").numbers(column), expected)
    encoded = known("date").encode(column)
    np.testing.assert_array_equal(encoded.array, expected)
    assert encoded.missing.tolist() == [False, True, False]
    assert not encoded.codes.any()


@pytest.mark.parametrize("wrong", ["2024-03-01T12:30", "x", 3.5, "0000-01-01", "2024-3-1"])
def test_columns_that_are_no_dates(wrong: Any) -> None:
    column = ["2024-03-01", wrong, None]
    with pytest.raises(ValueError):  # noqa: PT011 - it is left to `encode`
        known("date").numbers(column)
    encoded = known("date").encode(column)
    assert encoded.codes.astype(bool).tolist() == [False, True, False]
    assert encoded.array[:2].tolist() == [19_783.0 * DAY, 0.0]


def test_only_values_with_a_time_of_day_are_no_dates() -> None:
    column = np.array(["2024-03-01T00:00", "2024-03-01T12:00", "1969-12-31T00:00"], dtype="datetime64[s]")
    assert known("date").encode(column).codes.astype(bool).tolist() == [False, True, False]
    assert not known("datetime").encode(column).codes.any()


def test_an_array_without_a_unit_holds_missing_times() -> None:
    asked = contract(Field(name="t", dtype="date", missing="allowed"))
    batch = encode(asked, columns_of(asked, {"t": np.array([np.datetime64("NaT")] * 2)}))
    assert batch.good.all()
    assert np.isnan(batch.tensors["number"]).all()


# Arrays.


def test_the_elements_of_an_array_have_a_limit() -> None:
    assert value_type("tensor[1024,1024]") is not None
    assert value_type("tensor[1024,1025]") is None
    assert value_type("tensor[2,1024,1024]") is None
    assert value_type("tensor[2,a]") is not None
    for wrong in (
        "tensor",
        "tensor[]",
        "tensor[2][3]",
        "tensor[a,a]",
        "float64[2]",
        "nothing[2]",
        "tensor[1,1,1,1,1,1,1,1,1]",
    ):
        assert value_type(wrong) is None


def test_cells_of_arrays() -> None:
    tensor = known("tensor[2,2]")
    assert tensor.cell(" [[1, 2], [3, 4]] ", RULES) == [[1, 2], [3, 4]]
    assert tensor.cell("NA", RULES) is None
    for wrong in ("[1", "{}", "3", "[" * 9 + "]" * 9, "[ " * 100_000):
        assert isinstance(tensor.cell(wrong, RULES), Unreadable)
    assert tensor.cell("[" * 8 + "]" * 8, RULES) == [[[[[[[[]]]]]]]]


# Numbers.


def test_matrices_of_float32_inputs_are_rounded_in_a_copy() -> None:
    compiled = CompiledContract(contract(Field(name="a", dtype="float32"), Field(name="b", dtype="float64")))
    matrix = np.array([[0.1, 0.1], [1.5, 2.5]])
    tensors = compiled.of_matrix(matrix)
    assert tensors is not None
    assert tensors["number"].tolist() == [[float(np.float32(0.1)), 0.1], [1.5, 2.5]]
    assert matrix.tolist() == [[0.1, 0.1], [1.5, 2.5]]
    plain = CompiledContract(contract(Field(name="a", dtype="float64"), Field(name="b", dtype="float64")))
    read = plain.of_matrix(matrix)
    assert read is not None
    assert read["number"] is matrix
    turned = plain.of_matrix(np.asfortranarray(matrix))
    assert turned is not None
    assert turned["number"].flags.c_contiguous


def test_columns_of_each_type_are_read_together() -> None:
    asked = contract(
        Field(name="a", dtype="float64"),
        Field(name="d", dtype="date"),
        Field(name="b", dtype="bool"),
        Field(name="n", dtype="int64"),
    )
    columns: dict[str, Any] = {"a": [1.5, 2.5], "d": ["1970-01-02", "1970-01-03"], "b": [True, False], "n": [3, -4]}
    tensors = CompiledContract(asked).of_columns(columns, slice(0, 2))
    assert tensors is not None
    assert tensors["number"].tolist() == [[1.5, DAY, 1.0, 3.0], [2.5, 2 * DAY, 0.0, -4.0]]
    np.testing.assert_array_equal(tensors["number"], encode(asked, columns).tensors["number"])


def test_numbers_are_plain_and_other_types_are_not() -> None:
    assert {name: known(name).is_plain for name in ("float64", "float32", "date", "string")} == {
        "float64": True,
        "float32": True,
        "date": False,
        "string": False,
    }


# Forms of rows.

TWO = contract(
    Field(name="age", dtype="float64", missing="allowed"), Field(name="dose", dtype="float64", missing="allowed")
)


def refused(rows: Any) -> ContractError:
    with pytest.raises(ContractError) as caught:
        columns_of(TWO, rows)
    assert caught.value.fix
    return caught.value


def test_a_dict_of_columns_with_a_single_value() -> None:
    error = refused({"age": [1.0, 2.0], "dose": 3.0})
    assert (error.code, error.what) == ("E104", "The rows are a dict of columns, but 'dose' holds a single value.")


def test_rows_whose_methods_raise() -> None:
    class Broken:
        @property
        def columns(self) -> Any:
            raise RuntimeError("no  columns\nhere")

    error = refused(Broken())
    assert (error.code, error.what) == ("E104", "Rows of the type Broken cannot be read: RuntimeError: no columns here")
    assert "dict" in error.fix


def test_an_absent_key_is_a_missing_value_unless_another_is_similar() -> None:
    assert columns_of(TWO, {"age": 1.0}) == {"age": [1.0], "dose": [None]}
    assert columns_of(TWO, [{"age": 1.0}, {"age": 2.0}])["dose"] == [None, None]
    kept = columns_of(TWO, {"age": 1.0, "height": 2.0}, ignore_extra=True)
    assert kept == {"age": [1.0], "dose": [None]}
    with pytest.raises(ContractError) as caught:
        columns_of(TWO, {"age": 1.0, "Dose ": 2.0}, ignore_extra=True)
    assert caught.value.code == "E101"


def test_zones_of_polars_are_refused() -> None:
    polars = pytest.importorskip("polars")
    asked = contract(Field(name="t", dtype="datetime"))
    times = polars.Series([datetime.datetime(2024, 3, 1, 12, 30)])
    plain = encode(asked, columns_of(asked, polars.DataFrame({"t": times})))
    assert plain.tensors["number"].tolist() == [[19_783 * DAY + 45_000 * SECOND]]
    zoned = encode(asked, columns_of(asked, polars.DataFrame({"t": times.dt.replace_time_zone("UTC")})))
    assert not zoned.good.any()
    assert "Time zones are not supported" in zoned.problems[0].message


# Counts and forms of contracts.


def test_counts_of_unusual_values_are_added() -> None:
    total = Cautions("sex")
    assert not total
    assert (total.missing, total.unknown, total.outside, total.as_dict()) == (0, 0, 0, {})
    total.add(Cautions("sex", missing=1, unknown=3, examples=["a", "b"]))
    total.add(Cautions("sex", outside=2, unknown=5, examples=["b", "c", "d", "e", "f"]))
    assert total.as_dict() == {"missing": 1, "unknown": 8, "outside": 2, "examples": ["a", "b", "c", "d", "e"]}
    assert total


def test_contracts_of_the_form_before_format_1() -> None:
    old = {"outputs": [{"name": "label"}], "tensors": [{"name": "number"}]}
    assert is_provisional(old)
    assert not is_provisional({**old, "outputs": [{"name": "label", "kind": "label"}]})
    assert not is_provisional({**old, "tensors": [{"name": "number", "shape": []}]})
    wrongs: list[Any] = [None, [], {}, {**old, "outputs": []}, {**old, "tensors": {}}, {**old, "outputs": ["label"]}]
    assert not any(map(is_provisional, wrongs))
