"""Strings that the original refuses: how they are found, and compared with those that the sealed file refuses."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealift.contract import Contract, Field, Output, Stage
from sealift.packing.inputs.detect import read_rows
from sealift.packing.probes.value_texts import WIDE
from sealift.packing.proof.oracle import Original
from sealift.packing.proof.report import Report
from sealift.packing.proof.text_refusals import KIND, compare_refusals, with_policies
from sealift.stages.text import text_stage

OUTPUTS = (
    Output(name="value", kind="value", dtype="float64"),
    Output(name="features", kind="features", dtype="float64", width=2),
)
NUMBER = {"analyzer": "number", "ngrams": [1, 1]}
TIME = {"analyzer": "time", "format": "%Y-%m-%d", "ngrams": [1, 1]}
FIELDS = (Field(name="a", dtype="float64"), Field(name="s", dtype="string"), Field(name="b", dtype="float64"))


class Reading:
    """A model of the number that `read` makes of the string in the middle column; asked for its first output only."""

    def __init__(self, read: Callable[[str], float]) -> None:
        self.read = read

    def answer(self, X: Any, kinds: tuple[str, ...]) -> dict[str, Any]:
        assert kinds == ("value",), "only the first output is needed to see what is refused"
        assert list(X.columns) == ["a", "s", "b"]
        assert (X["a"] == 1.5).all()
        assert (X["b"] == 2.5).all()
        return {"value": np.array([self.read(text) if isinstance(text, str) else math.nan for text in X["s"]])}


def original(read: Callable[[str], float], first: str = "7") -> Original:
    source: Any = Reading(read)
    return Original(source, read_rows(pd.DataFrame({"a": [1.5], "s": [first], "b": [2.5]})), OUTPUTS)


def plain(text: str) -> float:
    """A number in ASCII, within white space; NaN for an empty string."""
    cut = text.strip(" \t\n")
    if not cut:
        return math.nan
    if not cut.isascii() or "_" in cut or cut.lower().lstrip("+-") in ("nan", "infinity", "inf"):
        raise ValueError(text)
    return float(cut)


def coerced(text: str) -> float:
    try:
        return plain(text)
    except ValueError:
        return math.nan


def narrow(text: str) -> float:
    """Numbers of 64 bits; an empty string is refused."""
    number = plain(text)
    if math.isnan(number) or abs(number) >= 2.0**64:
        raise ValueError(text)
    return number


def endless(text: str) -> float:
    """As `plain`, and infinities."""
    cut = text.strip().lower()
    return math.inf if cut.lstrip("+-") in ("inf", "infinity") else plain(text)


def day(text: str) -> float:
    if text in ("", "NaT"):
        return math.nan
    return float(datetime.datetime.strptime(text, "%Y-%m-%d").toordinal())


def policies(read: Callable[[str], float], spec: dict[str, Any], first: str = "7") -> dict[str, Any]:
    (stage,) = with_policies((text_stage(1, spec),), original(read, first))
    assert stage.field == 1
    return {key: stage.spec[key] for key in ("unreadable", "missing", "wide", "infinite") if key in stage.spec}


@pytest.mark.parametrize(
    ("read", "accepted"),
    [
        (coerced, {"infinite": None}),
        (plain, {"unreadable": "refused", "missing": [""], "infinite": "refused"}),
        (narrow, {"unreadable": "refused", "wide": "refused", "infinite": "refused"}),
        (endless, {"unreadable": "refused", "missing": [""]}),
    ],
)
def test_strings_that_are_no_numbers(read: Callable[[str], float], accepted: dict[str, Any]) -> None:
    expected = {key: value for key, value in accepted.items() if value is not None}
    assert policies(read, NUMBER) == expected
    # What was known before is found again.
    assert policies(read, {**NUMBER, "unreadable": "refused", "wide": "refused", "infinite": "refused"}) == expected


def test_strings_that_are_no_dates() -> None:
    assert policies(day, TIME, "2024-03-01") == {"unreadable": "refused", "missing": ["", "NaT"]}
    assert policies(lambda text: 0.0, TIME, "2024-03-01") == {}


def test_stages_that_are_left_as_they_are() -> None:
    number, words = text_stage(1, NUMBER), text_stage(1, {"analyzer": "whole", "ngrams": [1, 1], "vocabulary": ["x"]})
    # The original refuses the row itself, and two stages read one field.
    assert with_policies((number,), original(plain, "many")) == (number,)
    assert with_policies((number, number), original(plain)) == (number, number)
    assert with_policies((words,), original(plain)) == (words,)
    changed = with_policies((words, number), original(plain))
    assert changed[0] == words
    assert changed[1].spec["unreadable"] == "refused"
    assert with_policies((), original(plain)) == ()


def compared(read: Callable[[str], float], stage: Stage, first: str = "7") -> Report:
    contract = Contract(inputs=FIELDS, outputs=OUTPUTS, task="regression", stages=(stage,))
    report = Report({})
    compare_refusals(report, original(read, first), contract, [1.5, first, 2.5])
    return report


@pytest.mark.parametrize("read", [plain, narrow, endless])
def test_the_file_refuses_the_strings_that_the_original_refuses(read: Callable[[str], float]) -> None:
    (stage,) = with_policies((text_stage(1, NUMBER),), original(read))
    report = compared(read, stage)
    assert report.compared[KIND] > 30
    strict = text_stage(1, {**NUMBER, "unreadable": "refused"})
    assert (compared(coerced, strict).misjudged > 10, compared(coerced, text_stage(1, NUMBER)).misjudged) == (True, 0)


def test_dates_that_the_original_refuses() -> None:
    (stage,) = with_policies((text_stage(1, TIME),), original(day, "2024-03-01"))
    report = compared(day, stage, "2024-03-01")
    assert report.compared[KIND] > 20
    lenient = compared(day, text_stage(1, TIME), "2024-03-01")
    assert lenient.misjudged > 5
    assert {worst.original for worst in lenient.rows} == {"refused"}
    assert {worst.converted for worst in lenient.rows} == {"answered"}


def test_values_that_the_original_refuses_in_any_spelling_are_not_compared() -> None:
    def small(text: str) -> float:
        number = coerced(text)
        if 100.0 < number < 1e300:
            raise ValueError("too large")
        return number

    report = compared(small, text_stage(1, NUMBER))
    assert report.passed
    assert report.refused >= 3  # 1e3, and the whole numbers beyond 64 bits

    def spelled(text: str) -> float:
        if text in ("1e3", "1E-3"):
            raise ValueError("no exponents")
        return coerced(text)

    report = compared(spelled, text_stage(1, NUMBER))
    assert (report.misjudged, report.refused) == (2, 0)
    assert [worst.row["s"] for worst in report.rows] == ["1e3", "1E-3"]
    assert WIDE == "18446744073709551616"
