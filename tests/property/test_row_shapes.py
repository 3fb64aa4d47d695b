"""Rows of every malformed shape and type: an answer for each row, or an error with a code, never another exception."""

from __future__ import annotations

import datetime
import decimal
import fractions
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sealift.contract import Contract, Field, Output, columns_of, encode
from sealift.errors import ContractError

OUTPUT = (Output(name="value", kind="value", dtype="float64"),)


def contract(*fields: Field) -> Contract:
    return Contract(inputs=fields, outputs=OUTPUT, task="regression")


NUMBERS = contract(Field(name="a", dtype="float64"), Field(name="b", dtype="float64", missing="allowed"))
CONTRACTS = (
    NUMBERS,
    contract(Field(name="a", dtype="int64", categories=(1, 2), unknown="refused"), Field(name="b", dtype="bool")),
    contract(Field(name="a", dtype="string", categories=("x",), unknown="refused"), Field(name="b", dtype="date")),
    contract(Field(name="a", dtype="string")),
    contract(Field(name="a", dtype="datetime"), Field(name="b", dtype="float32", range=(0, 5))),
)


class Odd:
    """An object that no contract knows, and that has a length."""

    def __len__(self) -> int:
        return 1


class Nameless:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


CELLS = st.sampled_from(
    [
        *(
            0,
            1,
            5,
            -1,
            2.5,
            float("nan"),
            float("inf"),
            10**400,
            -(10**400),
            True,
            None,
            "",
            "5",
            "x",
            "a\0b",
            "\ud800",
        ),
        *(
            b"5",
            bytearray(b"5"),
            memoryview(b"5"),
            1j,
            [1],
            [],
            (1,),
            {1},
            {"a": 1},
            range(1),
            Odd(),
            object(),
            int,
            len,
        ),
        *(np.float64(1), np.int8(3), np.bool_(True), np.str_("x"), np.bytes_(b"x"), np.complex128(1), np.array(5)),
        *(
            np.array([1]),
            np.array([]),
            np.array([[1]]),
            np.array("x"),
            np.datetime64("2024-01-01"),
            np.timedelta64(1, "D"),
        ),
        *(
            np.datetime64("NaT", "s"),
            pd.NA,
            pd.NaT,
            pd.Timestamp("2024-01-01", tz="UTC"),
            pd.Series([1]),
            pd.Interval(0, 1),
        ),
        *(datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1), datetime.time(1), datetime.timedelta(1)),
        *(decimal.Decimal("1.5"), decimal.Decimal("NaN"), decimal.Decimal("sNaN"), fractions.Fraction(1, 3)),
        *(
            np.ma.masked,
            np.array([1, 2]),
            pd.Series(["x", "y"]),
            pd.DataFrame({"a": [1]}),
            [1, 2],
            ["x", None],
            "2024-01-01",
        ),
    ]
)
NAMES = st.sampled_from(["a", "b", "c", 1, None, ("a",), b"a", float("nan"), ""])
ROWS = st.one_of(
    CELLS,
    st.dictionaries(NAMES, CELLS, max_size=3),
    st.fixed_dictionaries({"a": CELLS, "b": CELLS}),
    st.fixed_dictionaries({"a": st.lists(CELLS, max_size=3), "b": st.lists(CELLS, max_size=3)}),
    st.lists(st.one_of(CELLS, st.dictionaries(NAMES, CELLS, max_size=3), st.lists(CELLS, max_size=3)), max_size=3),
    st.lists(st.fixed_dictionaries({"a": CELLS, "b": CELLS}), min_size=1, max_size=3),
    st.lists(st.tuples(CELLS, CELLS), max_size=3),
)


def asked(given_: Contract, rows: Any) -> None:
    """As `SealedModel.predict` reads rows."""
    try:
        batch = encode(given_, columns_of(given_, rows))
    except ContractError:
        return
    assert len(batch) >= 1
    for problem in batch.problems:
        assert problem.code.startswith("R1")
        assert len(problem.message) < 600
        assert problem.as_error().code
    for name, tensor in batch.tensors.items():
        assert len(tensor) == len(batch), name


@settings(max_examples=2000, deadline=None)
@given(ROWS, st.sampled_from(CONTRACTS))
@example({"a": [1], "b": 2.0}, NUMBERS)
@example(b"5", NUMBERS)
@example({"a": b"5", "b": 2.0}, NUMBERS)
@example({"a": np.array([1]), "b": 2.0}, NUMBERS)
@example({"a": np.array(1), "b": 2.0}, NUMBERS)
@example({"a": {0: 1.0}, "b": {0: 2.0}}, NUMBERS)
@example({"a": {1, 2}, "b": [1, 2]}, NUMBERS)
def test_any_rows(rows: Any, given_: Contract) -> None:
    asked(given_, rows)


FRAMES = [
    pd.DataFrame({"a": [[1], [2]], "b": [1, 2]}),
    pd.DataFrame({"a": [1j], "b": [1]}),
    pd.DataFrame({"a": pd.to_timedelta(["1D"]), "b": [1]}),
    pd.DataFrame({"a": pd.period_range("2024", periods=1), "b": [1]}),
    pd.DataFrame({"a": pd.Categorical([1]), "b": [1]}),
    pd.DataFrame({"a": pd.arrays.SparseArray([1.0]), "b": [1]}),
    pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", ""), ("b", "")])),
    pd.DataFrame({"a": [], "b": []}),
    pd.DataFrame({"a": [{}], "b": [set()]}),
    pl.DataFrame({"a": [[1]], "b": [{"x": 1}]}),
    pl.DataFrame({"a": [b"x"], "b": [object()]}, schema={"a": pl.Binary, "b": pl.Object}),
    np.array([(1.0, [2])], dtype=[("a", "f8"), ("b", "O")]),
    np.array([([1, 2], 2)], dtype=[("a", "f8", 2), ("b", "f8")]),
    np.array([[b"x", b"y"]]),
    np.array([[np.timedelta64(1, "s")] * 2]),
    np.zeros((1, 2, 1)),
    np.zeros((2,)),
    np.ma.array([[1, 2]], mask=[[True, False]]),
    pd.Series([1, 2], index=["a", "b"]),
    pd.Index(["a", "b"]),
    iter([[1, 2]]),
    (row for row in [[1, 2]]),
    {"a": iter([1]), "b": [1]},
    {"a": (x for x in [1]), "b": 1},
    {"a": pd.DataFrame({"x": [1]}), "b": [1]},
    {"a": np.zeros((1, 1)), "b": [1]},
    {"a": "xy", "b": ["1", "2"]},
    {"a": Nameless(), "b": 1},
]


@pytest.mark.parametrize("number", range(len(FRAMES)))
@pytest.mark.parametrize("given_", CONTRACTS, ids=lambda c: f"{c.inputs[0].dtype} {len(c.inputs)}")
def test_odd_tables(number: int, given_: Contract) -> None:
    asked(given_, FRAMES[number])


def refusal(rows: Any) -> ContractError:
    with pytest.raises(ContractError) as caught:
        columns_of(NUMBERS, rows)
    return caught.value


def test_a_list_and_a_single_value() -> None:
    for rows in ({"a": [1], "b": 2.0}, {"a": np.array([1]), "b": 2.0}, {"a": (1,), "b": None}):
        error = refusal(rows)
        assert error.code == "E104"
        assert "'b'" in error.what
        assert "[…]" in error.fix


def test_columns_that_are_no_sequences() -> None:
    for column in ({0: 1.0, 1: 2.0}, {1.0, 2.0}, np.zeros((2, 1)), pd.DataFrame({"x": [1.0, 2.0]}), iter([1.0, 2.0])):
        error = refusal({"a": [1.0, 2.0], "b": column})
        assert error.code == "E104"
        assert "'b'" in error.what


def test_bytes_are_no_column_of_numbers() -> None:
    assert refusal(b"5").code == "E104"
    batch = encode(NUMBERS, columns_of(NUMBERS, {"a": b"5", "b": 2.0}))
    assert [(problem.field, problem.code) for problem in batch.problems] == [("a", "R102")]


def test_arrays_without_axes_are_values() -> None:
    columns = columns_of(NUMBERS, {"a": np.array(1.5), "b": np.float64(2)})
    assert [list(column) for column in columns.values()] == [[1.5], [2.0]]
