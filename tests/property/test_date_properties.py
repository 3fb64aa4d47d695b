"""Dates against Python's own calendar, pandas and NumPy: text to microseconds and back, whole columns, and refusals."""

from __future__ import annotations

import datetime
import re
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from sealift.contract import Contract, Field, Output, columns_of, encode
from sealift.contract.datetimes import DAY, FIRST, LAST, micros_of, text_of
from sealift.packing.inputs.dates import as_datetimes

EPOCH = datetime.datetime(1970, 1, 1)
MICRO = datetime.timedelta(microseconds=1)

seconds = st.datetimes().map(lambda when: when.replace(microsecond=0))
near = st.datetimes(min_value=datetime.datetime(1685, 1, 1), max_value=datetime.datetime(2255, 1, 1))
exact = st.one_of(seconds, near)


def _contract(dtype: Literal["date", "datetime"]) -> Contract:
    field = Field(name="when", dtype=dtype, missing="allowed")
    return Contract(inputs=(field,), outputs=(Output(name="label", kind="label", dtype="int64"),), task="clustering")


@given(exact)
def test_microseconds_and_back(when: datetime.datetime) -> None:
    micros = (when - EPOCH) // MICRO
    assert micros_of(when.isoformat(), "datetime") == micros
    assert micros_of(when, "datetime") == micros
    assert micros_of(pd.Timestamp(when), "datetime") == micros
    assert micros_of(np.datetime64(when), "datetime") == micros
    text = text_of(micros, "datetime")
    assert datetime.datetime.fromisoformat(text) == when
    assert micros_of(text, "datetime") == micros
    assert not text.endswith("0") or "." not in text


@given(st.dates())
def test_days(day: datetime.date) -> None:
    micros = micros_of(day.isoformat(), "date")
    assert micros is not None
    assert micros % DAY == 0
    assert text_of(micros, "date") == day.isoformat()
    assert micros_of(day, "date") == micros == micros_of(f"{day}T00:00:00.000", "date")
    assert micros_of(f"{day}T00:00:01", "date") is None


@given(st.datetimes())
def test_what_a_double_cannot_say_is_refused_and_not_rounded(when: datetime.datetime) -> None:
    micros = (when - EPOCH) // MICRO
    assert micros_of(when, "datetime") == (micros if int(float(micros)) == micros else None)


@given(st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,7})?)?)?", fullmatch=True))
def test_the_grammar_is_pythons_where_that_is_as_narrow(text: str) -> None:
    read_micros = micros_of(text, "datetime")
    try:
        # Python cuts the seventh digit off, and later versions read 24:00.
        known: Any = None if re.search(r"\.[0-9]{7}|T24", text) else datetime.datetime.fromisoformat(text)
    except ValueError:
        known = None
    micros = None if known is None else (known - EPOCH) // MICRO
    assert read_micros == (micros if micros is None or int(float(micros)) == micros else None)


@given(st.text(max_size=25))
def test_any_text_is_a_date_or_refused(text: str) -> None:
    micros = micros_of(text, "datetime")
    assert micros is None or FIRST <= micros <= LAST


@given(st.lists(st.one_of(st.none(), exact), min_size=1, max_size=20))
def test_every_table_gives_the_same_tensor(whens: list[datetime.datetime | None]) -> None:
    contract = _contract("datetime")
    wanted = np.array([np.nan if when is None else (when - EPOCH) // MICRO for when in whens], dtype=np.float64)
    column = np.array([np.datetime64("NaT", "s") if when is None else when for when in whens], dtype="datetime64[us]")
    for rows in (
        {"when": whens},
        {"when": [None if when is None else when.isoformat() for when in whens]},
        {"when": column},
        {"when": column.astype(">M8[us]")},
        pd.DataFrame({"when": column}),
        pl.DataFrame({"when": column}),
        pl.DataFrame({"when": column}).to_arrow(),
        [{"when": when} for when in whens],
    ):
        batch = encode(contract, columns_of(contract, rows))
        assert batch.good.all()
        np.testing.assert_array_equal(batch.tensors["number"][:, 0], wanted)


@given(st.lists(st.one_of(st.none(), exact), min_size=1, max_size=20), st.sampled_from(["D", "s", "ms", "us", "ns"]))
def test_the_callers_unit_is_given_back_or_a_finer_one(whens: list[datetime.datetime | None], unit: str) -> None:
    values = [None if when is None else float((when - EPOCH) // MICRO) for when in whens]
    dates = as_datetimes(values, np.dtype(f"datetime64[{unit}]"))
    again = dates.astype("datetime64[us]")
    assert [None if np.isnat(value) else float(value.astype(np.int64)) for value in again] == values
