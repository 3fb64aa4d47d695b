"""Dates in traced functions: pandas and NumPy themselves are the oracle, bit for bit."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import sealift
from dates import graph_and_pandas, moments
from sealift.errors import PackError

UNITS = ("s", "ms", "us", "ns")
NUMBERS = (
    "year", "month", "day", "hour", "minute", "second", "microsecond", "nanosecond", "day_of_week",
    "day_of_year", "quarter", "days_in_month",
)  # fmt: skip
FLAGS = (
    "is_month_start", "is_month_end", "is_quarter_start", "is_quarter_end", "is_year_start", "is_year_end",
    "is_leap_year",
)  # fmt: skip


def parts(df: Any) -> Any:
    when = df["a"].dt
    week = when.isocalendar()
    columns = {name: getattr(when, name) for name in (*NUMBERS, *FLAGS)}
    columns |= {
        "iso year": week.year.astype(float),
        "week": week.week.astype(float),
        "iso day": week["day"].astype(float),
    }
    columns["since midnight"] = (df["a"] - when.normalize()).dt.total_seconds()
    columns["in the hour"] = (df["a"] - when.floor("h")).dt.seconds
    return pd.DataFrame(columns)


def spans(df: Any) -> Any:
    a, b = df["a"], df["b"]
    span, since = b - a, a - pd.Timestamp("2001-02-03T04:05:06")
    return pd.DataFrame(
        {
            "days": span.dt.days,
            "seconds": span.dt.seconds,
            "microseconds": span.dt.microseconds,
            "total": span.dt.total_seconds(),
            "share": span / np.timedelta64(1, "D"),
            "hours": span / pd.Timedelta(hours=1),
            "weeks": span // pd.Timedelta(days=7),
            "rest": (span % pd.Timedelta(days=7)).dt.total_seconds(),
            "since": since.dt.total_seconds(),
            "years": since / pd.Timedelta(days=365.25),
            "until": (datetime.datetime(2024, 1, 1) - a).dt.days,
            "length": span.abs().dt.days,
            "back": (-span).dt.days,
            "ratio": span / since,
            "long": span > datetime.timedelta(days=100),
            "later": (a + pd.Timedelta(days=31)).dt.month,
            "again": (a + span).dt.month,
        }
    )


def choices(df: Any) -> Any:
    a, b = df["a"], df["b"]
    return pd.DataFrame(
        {
            "before": a < b,
            "from": a >= "1999-12-31",
            "same": a == b,
            "other": a != b,
            "between": a.between(pd.Timestamp("1950-01-01"), pd.Timestamp("2020-01-01")),
            "numpy": a > np.datetime64("2000-01-01T12:00"),
            "missing": a.isna(),
            "there": b.notna(),
            "filled": a.fillna(pd.Timestamp("2000-01-01")).dt.year,
            "filled by the other": a.fillna(b).dt.day,
            "later": np.maximum(a, b).dt.year,
            "earlier": np.minimum(a, b).dt.day,
        }
    )


# pandas 2 computes differences of Timestamps and Timedeltas in nanoseconds, which end in 2262.
NANOSECONDS_ONLY = pd.__version__.startswith("2.")


@pytest.mark.parametrize("function", [parts, spans, choices])
@pytest.mark.parametrize("unit", UNITS)
def test_pandas_on_dates_of_all_years(unit: str, function: Callable[[Any], Any]) -> None:
    if NANOSECONDS_ONLY and function is spans and unit != "ns":
        pytest.skip("pandas 2 itself raises OutOfBoundsTimedelta")
    X = pd.DataFrame({"a": moments(unit, 25_000, 1), "b": moments(unit, 25_000, 2)})
    got, want = graph_and_pandas(function, X)
    np.testing.assert_array_equal(got, want)


ARRAYS: dict[str, Callable[[Any], Any]] = {
    "days between": lambda X: (X[:, [1]] - X[:, [0]]) / np.timedelta64(1, "D"),
    "day of month": lambda X: (X.astype("datetime64[D]") - X.astype("datetime64[M]")) / np.timedelta64(1, "D"),
    "compared": lambda X: (np.datetime64("2000-01-01T00:00:00") < X).astype(float),
    "missing": lambda X: np.isnat(X).astype(float),
    "hours": lambda X: np.column_stack(
        [X[:, 0].astype("datetime64[h]").astype(int) % 24, (X[:, 1] - X[:, 0]) / np.timedelta64(1, "h")]
    ),
    "day": lambda X: X.astype("datetime64[D]").astype(np.int64),
    "year": lambda X: X.astype("datetime64[Y]").astype(int) + 1970,
    "month": lambda X: X.astype("datetime64[M]").astype(int) % 12 + 1,
    "day of year": lambda X: (X.astype("datetime64[D]") - X.astype("datetime64[Y]")).astype(int),
    "since": lambda X: (X - np.datetime64("2020-01-01")).astype("timedelta64[D]").astype(int),
}


@pytest.mark.parametrize("unit", ["D", *UNITS])
@pytest.mark.parametrize("idiom", ARRAYS)
def test_numpy_on_dates(idiom: str, unit: str) -> None:
    # Only a missing value among floats is NaN; as a whole number it is the lowest one of 64 bits.
    gaps = 0.1 if idiom in ("days between", "day of month", "compared", "missing", "hours") else 0.0
    X = np.column_stack([moments(unit, 2_000, seed, gaps) for seed in (3, 4)])
    if idiom == "since":  # whose result leaves the nanoseconds in far years
        X = np.column_stack([moments("ns", 2_000, seed, gaps) for seed in (3, 4)]).astype(f"datetime64[{unit}]")
    got, want = graph_and_pandas(ARRAYS[idiom], X)
    np.testing.assert_array_equal(got, want)


FRAMES: dict[str, Callable[[Any], Any]] = {
    "each column": lambda df: df.apply(lambda s: s.dt.month),
    "all at once": lambda df: (df - pd.Timestamp("2020-01-01")).apply(lambda s: s.dt.days),
    "missing": lambda df: df.isna().astype(float),
    "assigned": lambda df: df.assign(m=df["a"].dt.month).drop(columns=["a", "b"]),
    "side by side": lambda df: pd.concat([df["a"].dt.month, df["b"].dt.day], axis=1),
    "an array": lambda df: np.c_[df["a"].dt.month, df["b"].dt.hour],
    "weekend": lambda df: df["a"].dt.day_of_week.isin([5, 6]).to_frame().astype(int),
    "mapped": lambda df: df["a"].dt.month.map({1: 0.0, 2: 3.0}).to_frame(),
    "values": lambda df: pd.DataFrame({"x": df["a"].to_numpy().astype("datetime64[D]") > np.datetime64("2020-02-02")}),
    "read again": lambda df: pd.to_datetime(df["a"]).dt.day.to_frame(),
    "asked again": lambda df: pd.DataFrame({"x": pd.isna(df["a"]).astype(float)}),
    "constants read": lambda df: pd.DataFrame({"x": (df["a"] - pd.to_datetime("2020-06-01")) / pd.Timedelta("1D")}),
    "clock": lambda df: pd.DataFrame({"x": df["a"].dt.hour + df["a"].dt.minute / 60}),
}


@pytest.mark.parametrize("idiom", FRAMES)
def test_frames_of_dates(idiom: str) -> None:
    if NANOSECONDS_ONLY and idiom == "constants read":
        pytest.skip("pandas 2 itself raises OutOfBoundsDatetime")
    X = pd.DataFrame({"a": moments("us", 500, 5), "b": moments("s", 500, 6)})
    got, want = graph_and_pandas(FRAMES[idiom], X)
    np.testing.assert_array_equal(got, want)


def test_dates_of_pythons_own() -> None:
    X = pd.DataFrame({"a": [datetime.date(2020, 1, 1 + i % 28) for i in range(50)] + [None]}, dtype=object)
    got, want = graph_and_pandas(lambda df: pd.to_datetime(df["a"]).dt.day.to_frame(), X)
    np.testing.assert_array_equal(got, want)


def test_counts_of_a_column_without_gaps() -> None:
    X = pd.DataFrame({"a": moments("us", 500, 7, 0.0)})
    got, want = graph_and_pandas(lambda df: pd.DataFrame({"x": df["a"].astype("int64") // 10**6}), X)
    np.testing.assert_array_equal(got, want)


def _assigning(df: Any) -> Any:
    when = df["a"].copy()
    when[when.isna()] = pd.Timestamp("2020-01-01")
    return when.dt.year.to_frame()


REFUSED: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "a method for each value": (lambda df: df["a"].map(lambda day: day.year).to_frame(), ".map of dates", ".dt.year"),
    "texts of dates": (lambda df: df["a"].dt.strftime("%m").astype(int).to_frame(), ".dt.strftime", ".dt.month"),
    "dates alone": (lambda df: pd.DataFrame({"x": df["a"].dt.date.isna()}), ".dt.date of dates", "normalize"),
    "periods": (lambda df: df["a"].dt.to_period("M").astype("int64").to_frame(), ".dt.to_period", "* 12"),
    "a month's offset": (lambda df: (df["a"] + pd.DateOffset(months=1)).to_frame(), "np.add on dates", ".dt.year"),
    "the latest": (lambda df: (df["a"].max() - df["a"]).dt.days.to_frame(), ".max of dates", ".dt.year"),
    "the row before": (lambda df: df["a"].diff().dt.days.to_frame(), "all rows at once", "fit"),
    "a logarithm": (lambda df: pd.DataFrame({"x": np.sign(df["a"] - df["b"])}), "np.sign on dates", "np.timedelta64"),
    "half a span": (lambda df: ((df["a"] - df["b"]) / 2).dt.days.to_frame(), "np.divide on dates", "np.timedelta64"),
    "a clock": (lambda df: (pd.Timestamp.now() - df["a"]).dt.days.to_frame(), "asks the clock", "a column of X"),
    "today": (lambda df: (pd.Timestamp.today().normalize() - df["a"]).dt.days.to_frame(), "asks the clock", "column"),
    "an odd text": (lambda df: (df["a"] > "1 May 2020").to_frame(), "the date 1 May 2020", "pd.Timestamp"),
    "rounded": (lambda df: (df["a"] - df["a"].dt.floor("7min")).dt.seconds.to_frame(), "rounds dates down", "'min'"),
    "assigned": (_assigning, "assigns into a column of dates", "fillna"),
    "one array of two kinds": (lambda df: df.assign(n=1.0).to_numpy()[:, [2]].astype(float), "one array of dates", ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    function, what, fix = REFUSED[case]
    X = pd.DataFrame({"a": pd.date_range("2020", periods=50), "b": pd.date_range("2021", periods=50)})
    with pytest.raises(PackError) as caught:
        graph_and_pandas(function, X)
    assert caught.value.code == "E302"
    assert what in caught.value.what
    assert "test_trace_dates.py, line" in caught.value.what
    assert fix in caught.value.fix


def test_a_fixed_day_is_no_clock() -> None:
    day = pd.Timestamp.now().normalize()
    X = pd.DataFrame({"a": pd.date_range("2020", periods=50)})
    got, want = graph_and_pandas(lambda df: (df["a"] - day).dt.days.to_frame(), X)
    np.testing.assert_array_equal(got, want)


def test_texts_are_no_dates() -> None:
    X = pd.DataFrame({"a": ["2020-01-01", "2020-01-02"] * 20})
    with pytest.raises(PackError, match="reads dates out of strings by a format that is not supported") as caught:
        graph_and_pandas(lambda df: pd.to_datetime(df["a"]).dt.year.to_frame(), X)
    assert "in training too" in caught.value.fix


X = pd.DataFrame({"when": pd.date_range("2020", periods=60), "n": np.arange(60.0)})
Y = np.arange(60) % 2


def _fit(step: Any) -> Any:
    return make_pipeline(FunctionTransformer(lambda df: df[["when"]]), step).fit(X, Y)


@pytest.mark.parametrize(
    "step", [RandomForestClassifier(5), OneHotEncoder(handle_unknown="ignore")], ids=["trees", "encoder"]
)
def test_a_step_that_takes_dates_for_numbers(step: Any, tmp_path: Any) -> None:
    with pytest.raises(PackError) as caught:
        sealift.pack(_fit(step), X, name="t", output=tmp_path / "t.seal")
    assert caught.value.code == "E302"
    assert "dates" in caught.value.what
    assert type(step).__name__ in caught.value.where
    assert "numbers" in caught.value.fix


def test_spans_are_no_numbers(tmp_path: Any) -> None:
    model = make_pipeline(FunctionTransformer(lambda df: df[["when"]] - pd.Timestamp("2020-01-01")), StandardScaler())
    with pytest.raises(PackError, match="timedeltas") as caught:
        sealift.pack(model.fit(X), X, name="t", output=tmp_path / "t.seal")
    assert ".dt.days" in caught.value.fix


def test_the_older_names_of_pandas() -> None:
    X = pd.DataFrame({"a": moments("us", 500, 8)})

    def older(df: Any) -> Any:
        when = df["a"].dt
        return pd.DataFrame(
            {name: getattr(when, name) for name in ("weekday", "dayofweek", "dayofyear", "daysinmonth")}
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got, want = graph_and_pandas(older, X)
    np.testing.assert_array_equal(got, want)
