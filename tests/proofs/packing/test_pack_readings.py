"""`pd.to_numeric` and `pd.to_datetime` that raise: the sealed file refuses the rows that the original refuses."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

import sealift
from sealift.batch import score
from sealift.errors import ContractError, ParityError
from sealift.runtime import SealedModel

pytestmark = pytest.mark.skipif(pd.__version__.startswith("2."), reason="reading strings is refused with pandas 2")
RNG = np.random.default_rng(0)
COUNT = 300
DAYS = pd.to_datetime("1950-01-01") + pd.to_timedelta(RNG.integers(0, 25_000, COUNT), unit="D")
X = pd.DataFrame(
    {
        "n": [f"{value:.2f}" for value in RNG.normal(50, 10, COUNT)],
        "d": DAYS.strftime("%d.%m.%Y"),
        "a": RNG.normal(size=COUNT),
    }
)
Y = (X["n"].astype(float) > 50).astype(int)
BASE = {"n": "51.5", "d": "01.03.2024", "a": 0.5}
NUMBERS = (
    *("51.5", "", " ", " 51 ", "\t51\n", "+51", "51.", ".5", "5e1", "00051", "x", "51x", "5 1", "51,5", "5_1", "0x33"),
    *("\uff15", "\u00a051", "nan", "NaN", "None", "NA", "inf", "-Infinity", "1e400", "9" * 400, "0" * 4301, "True"),
    *("18446744073709551616", "-9223372036854775809", None),
)
DATES = (
    *("01.03.2024", "1.3.2024", "", " ", "NaT", "nat", "nan", "NaN", "None", "29.02.2023", "31.04.2024", "01.13.2024"),
    *("2024-03-01", "01.03.24", "01.03.2024 ", " 01.03.2024", "01.03.2024x", "01.03.0001", "31.12.9999", "00.01.2024"),
    *("\uff10\uff11.03.2024", "01/03/2024", "x", None),
)


def read(d: Any) -> Any:
    return d.assign(n=pd.to_numeric(d["n"]), d=pd.to_datetime(d["d"], format="%d.%m.%Y").dt.year)


def packed(function: Callable[[Any], Any], rows: pd.DataFrame, last: Any, tmp_path: Path) -> tuple[Any, SealedModel]:
    model = make_pipeline(FunctionTransformer(function), last).fit(rows, Y)
    packed_model = sealift.pack(model, rows, name="m", output=tmp_path / "m.seal")
    assert packed_model.report.compared["texts read as values"] > 20
    return model, packed_model.load()


def outcome(model: Any, row: dict[str, Any], kind: str) -> float | None:
    """The original's probability; None where it raises."""
    frame = pd.DataFrame([row]).astype({name: kind for name in ("n", "d") if name in row})
    try:
        return float(model.predict_proba(frame)[0, 1])
    except (ValueError, OverflowError):
        return None


def sealed_outcome(sealed: SealedModel, row: dict[str, Any]) -> float | None:
    try:
        return float(sealed.predict([row])["probability"][0, 1])
    except ContractError as error:
        if error.code not in ("R101", "R108"):
            raise
        return None


LAST: dict[str, Any] = {
    "no missing values": LogisticRegression(),
    "missing values": DecisionTreeClassifier(max_depth=4, random_state=0),
    "missing and infinite values": HistGradientBoostingClassifier(max_iter=5),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["object", "str"])
@pytest.mark.parametrize("last", LAST)
def test_the_same_rows_are_refused(last: str, kind: Any, tmp_path: Path) -> None:
    model, sealed = packed(read, X.astype({"n": kind, "d": kind}), LAST[last], tmp_path)
    refused = 0
    for name, values in (("n", NUMBERS), ("d", DATES)):
        for value in values:
            row = BASE | {name: value}
            expected, got = outcome(model, row, kind), sealed_outcome(sealed, row)
            refused += expected is None
            assert (expected is None) == (got is None), (name, value)
            assert expected is None or got == pytest.approx(expected, rel=1e-9), (name, value)
    assert refused > 25


def test_the_row_is_named_and_others_are_answered(tmp_path: Path) -> None:
    model, sealed = packed(read, X, LAST["missing values"], tmp_path)
    rows = X.head(5).copy()
    rows.loc[1, "n"] = "5_1"
    rows.loc[3, "d"] = "30.02.2024"
    with pytest.raises(ContractError) as caught:
        sealed.predict(rows)
    assert (caught.value.code, caught.value.where) == ("R108", "row 2")
    assert caught.value.what.startswith("\"n\" is the text '5_1', which cannot be read as a finite number.")
    rows.to_csv(tmp_path / "rows.csv", index=False)
    summary = score(sealed, tmp_path / "rows.csv", tmp_path / "answers.csv")
    assert (summary.rows, summary.refused) == (5, 2)
    with (tmp_path / "answers.csv").open(newline="") as stream:
        answers = list(csv.DictReader(stream))
    assert [row["error"] for row in answers] == [
        "",
        "[R108] \"n\" is the text '5_1', which cannot be read as a finite number.",
        "",
        "[R108] \"d\" is the text '30.02.2024', which cannot be read as a date by the format %d.%m.%Y, "
        "such as 31.12.2024.",
        "",
    ]
    good = rows.drop(index=[1, 3])
    assert [int(row["label"]) for row in answers if not row["error"]] == model.predict(good).tolist()
    assert sealed.self_test().passed


def test_missing_values_are_not_replaced(tmp_path: Path) -> None:
    rows = X.assign(n=X["n"].where(RNG.random(COUNT) > 0.2, None), d=X["d"].where(RNG.random(COUNT) > 0.2, None))
    rows = rows.astype({"n": object, "d": object})
    model, sealed = packed(read, rows, LAST["missing values"], tmp_path)
    np.testing.assert_allclose(sealed.predict(rows)["probability"], model.predict_proba(rows), rtol=1e-9)
    for null in (None, np.nan, pd.NA, pd.NaT):
        assert sealed_outcome(sealed, BASE | {"n": null, "d": null}) is not None


def test_edits_and_fills_before_the_reading(tmp_path: Path) -> None:
    def edited(d: Any) -> Any:
        n = d["n"].fillna("0").str.strip().str.replace(",", ".", regex=False)
        return d.assign(n=pd.to_numeric(n)).drop(columns=["d"])

    rows = X.assign(n=X["n"].str.replace(".", ",").where(RNG.random(COUNT) > 0.2, None)).astype({"n": object})
    model, sealed = packed(edited, rows, LAST["missing values"], tmp_path)
    for value in ("1,5", "\u00a01,5", "1,5,", "", " ", None, "x", "1.5"):
        row = {"n": value, "a": 0.5}
        assert sealed_outcome(sealed, row) == pytest.approx(outcome(model, row | {"d": ""}, "object")), value


def test_a_fill_that_cannot_be_read_refuses_missing_values(tmp_path: Path) -> None:
    def filled(d: Any) -> Any:
        return d.assign(n=pd.to_numeric(d["n"].fillna("none"))).drop(columns=["d"])

    _, sealed = packed(filled, X, LAST["missing values"], tmp_path)
    with pytest.raises(ContractError, match="R101"):
        sealed.predict({"n": None, "a": 0.5})


@pytest.mark.filterwarnings("ignore")
def test_coerced_texts_are_refused_where_a_missing_value_is(tmp_path: Path) -> None:
    # The function reads an unreadable text as NaN, for which the estimator behind it raises.
    def coerced(d: Any) -> Any:
        return d.assign(n=pd.to_numeric(d["n"], errors="coerce")).drop(columns=["d"])

    model, sealed = packed(coerced, X, LAST["no missing values"], tmp_path)
    for value in NUMBERS:
        row = BASE | {"n": value}
        expected = outcome(model, row, "object")
        got = sealed_outcome(sealed, {"n": value, "a": 0.5})
        assert (expected is None) == (got is None), value


def test_a_reading_that_the_function_catches_is_no_refusal(tmp_path: Path) -> None:
    # The trace takes the first branch; the original takes the other for a text that cannot be read.
    def caught_by_the_function(d: Any) -> Any:
        try:
            n = pd.to_numeric(d["n"])
        except ValueError:
            n = d["a"] * 0.0 - 1.0
        return d.assign(n=n).drop(columns=["d"])

    last = DecisionTreeClassifier(max_depth=4, random_state=0)
    model = make_pipeline(FunctionTransformer(caught_by_the_function), last).fit(X, Y)
    with pytest.raises(ParityError) as caught:
        sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert caught.value.code == "E303"


def test_the_file_does_not_refuse_what_the_original_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without asking the original, the stage refuses the empty text, which pandas reads as a missing value.
    from sealift.packing.proof import text_refusals
    from sealift.tracing import strings

    monkeypatch.setitem(strings._MISSING_STRINGS, "number", [])
    monkeypatch.setattr(text_refusals, "with_policies", lambda stages, _: tuple(stages))
    model = make_pipeline(FunctionTransformer(read), LAST["missing values"]).fit(X, Y)
    with pytest.raises(ParityError, match="refused by only one of the two") as caught:
        sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert "the row is 'answered', got 'refused'" in caught.value.what


def test_the_file_does_not_answer_what_the_original_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sealift.packing.proof import text_refusals

    def tolerant(stages: Any, _: Any) -> Any:
        kept = ("unreadable", "missing", "wide", "infinite")
        return tuple(
            dataclasses.replace(stage, spec={key: value for key, value in stage.spec.items() if key not in kept})
            for stage in stages
        )

    monkeypatch.setattr(text_refusals, "with_policies", tolerant)
    model = make_pipeline(FunctionTransformer(read), LAST["missing values"]).fit(X, Y)
    with pytest.raises(ParityError, match="refused by only one of the two") as caught:
        sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert "the row is 'refused', got 'answered'" in caught.value.what


def test_functions_that_compute_with_no_wide_whole_number(tmp_path: Path) -> None:
    # pandas reads 2**64 as Python's int in a column of objects, for which NumPy has no logarithm.
    def logarithm(d: Any) -> Any:
        return d.assign(n=np.log1p(pd.to_numeric(d["n"]))).drop(columns=["d"])

    model, sealed = packed(logarithm, X, LAST["missing values"], tmp_path)
    for value in (
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "1e30",
        "18446744073709551616.",
    ):
        row = BASE | {"n": value}
        try:
            expected = float(model.predict_proba(pd.DataFrame([row]))[0, 1])
        except (TypeError, AttributeError):
            expected = None
        got = sealed_outcome(sealed, {"n": value, "a": 0.5})
        assert (expected is None) == (got is None) == (value in ("18446744073709551616", "-9223372036854775809"))
