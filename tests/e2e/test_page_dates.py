"""A model of dates in the page: the browser's own date controls, files, and pandas' answers."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, expect
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import sealift
from pages import Opened, opened
from sealift.targets.page import build_page

ROWS = 300


def calendar(df: Any) -> Any:
    when = df["admitted"].dt
    return pd.DataFrame({"hour": when.hour, "weekday": when.day_of_week, "month": when.month, "end": when.is_month_end})


def ages(df: Any) -> Any:
    return pd.DataFrame(
        {"years": (df["admitted"] - df["born"]) / pd.Timedelta(days=365.25), "year": df["born"].dt.year}
    )


@dataclass(frozen=True)
class Made:
    """The page, the rows it is asked about, and scikit-learn's answers."""

    page: Path
    rows: pd.DataFrame
    labels: Any
    probabilities: Any


@functools.cache
def made() -> Made:
    random = np.random.default_rng(3)
    rows = pd.DataFrame(
        {
            "admitted": pd.Timestamp("2021-01-01") + pd.to_timedelta(random.integers(0, 3 * 365 * 86_400, ROWS), "s"),
            "born": pd.Timestamp("1930-01-01") + pd.to_timedelta(random.integers(0, 80 * 365, ROWS), "D"),
            "age of the ward": random.normal(30, 5, ROWS).round(1),
            "ward": random.choice(["north", "south"], ROWS),
        }
    )
    rows.loc[::11, "born"] = pd.NaT
    truth = ((rows["admitted"].dt.hour > 11) ^ (rows["born"].dt.year > 1970)).astype(int)
    parts = ColumnTransformer(
        [
            ("calendar", FunctionTransformer(calendar), ["admitted"]),
            ("ages", FunctionTransformer(ages), ["admitted", "born"]),
            ("ward", OneHotEncoder(handle_unknown="ignore"), ["ward"]),
        ],
        remainder="passthrough",
    )
    model = make_pipeline(parts, HistGradientBoostingClassifier(max_iter=40, random_state=0)).fit(rows, truth)
    folder = Path(tempfile.mkdtemp(prefix="sealift-dates-"))
    seal = folder / "stay.seal"
    fields: dict[str, dict[str, Any]] = {
        "admitted": {"range": ("2020-01-01", None), "missing": "refused", "description": "When the stay began"},
        "born": {"range": ("1900-01-01", "2024-12-31"), "personal": True},
    }
    sealift.pack(
        model,
        rows,
        truth,
        name="stay",
        card={"title": "Length of stay"},
        output=seal,
        contract=sealift.ContractOptions(fields=fields),
    )
    build_page(seal, folder / "stay.html")
    return Made(folder / "stay.html", rows, model.predict(rows), model.predict_proba(rows))


@pytest.fixture(scope="module", name="app")
def _app(browser: Browser) -> Iterator[Opened]:
    with opened(browser, made().page) as opened_page:
        yield opened_page
        assert opened_page.errors == []
        assert opened_page.outside_requests() == []


def _fill(app: Opened, row: int) -> None:
    values = made().rows.iloc[row]
    app.fill("admitted", values["admitted"].isoformat())
    app.fill("born", "" if pd.isna(values["born"]) else values["born"].date().isoformat())
    app.fill("age of the ward", values["age of the ward"])
    app.fill("ward", values["ward"])


def test_the_browsers_own_controls_with_the_contracts_range(app: Opened) -> None:
    born, admitted = app.field("born"), app.field("admitted")
    assert born.get_attribute("type") == "date"
    assert (born.get_attribute("min"), born.get_attribute("max")) == ("1900-01-01", "2024-12-31")
    assert admitted.get_attribute("type") == "datetime-local"
    assert (admitted.get_attribute("min"), admitted.get_attribute("step")) == ("2020-01-01T00:00:00", "1")


@pytest.mark.parametrize("row", [0, 1, 11, 50, 222])
def test_filled_in_it_answers_as_the_original(app: Opened, row: int) -> None:
    app.tab("Predict")
    _fill(app, row)
    expect(app.prediction).to_have_attribute("data-label", str(int(made().labels[row])))
    probability = json.loads(app.prediction.get_attribute("data-probability") or "")
    np.testing.assert_allclose(probability, made().probabilities[row], atol=1e-6)


def test_half_a_date_is_not_a_missing_one(app: Opened) -> None:
    app.tab("Predict")
    _fill(app, 1)
    expect(app.prediction).to_have_attribute("data-label", str(int(made().labels[1])))
    app.field("born").press("Delete")  # the first part of it
    expect(app.prediction).not_to_have_attribute("data-label", "0")
    expect(app.prediction).not_to_have_attribute("data-label", "1")
    app.field("ward").focus()
    expect(app.inside.get_by_text("This date is not complete.")).to_be_visible()
    app.inside.get_by_role("button", name="Clear", exact=True).click()
    expect(app.field("born")).to_have_value("")
    expect(app.inside.get_by_text("This date is not complete.")).to_have_count(0)


def test_unknown_is_a_choice_where_it_may_be(app: Opened) -> None:
    app.tab("Predict")
    _fill(app, 1)
    app.inside.locator("[data-field=born]").get_by_role("button", name="Unknown").click()
    expect(app.field("born")).to_have_value("")
    assert app.inside.locator("[data-field=admitted]").get_by_role("button", name="Unknown").count() == 0


def test_values_outside_the_range_are_reported(app: Opened) -> None:
    app.tab("Predict")
    _fill(app, 1)
    app.fill("born", "1899-12-31")
    expect(app.inside.get_by_text("must be at least 1900-01-01 and at most 2024-12-31")).to_be_visible()


def test_an_example_fills_the_controls(app: Opened) -> None:
    app.tab("Predict")
    app.inside.get_by_role("button", name="Clear", exact=True).click()
    app.inside.get_by_role("button", name="Fill with an example").click()
    expect(app.field("admitted")).not_to_have_value("")
    expect(app.prediction).to_have_attribute("data-label", re.compile("[01]"))


def test_a_file_of_dates_and_what_is_wrong_in_it(app: Opened) -> None:
    app.tab("File")
    rows = made().rows.copy()
    rows["admitted"] = rows["admitted"].map(pd.Timestamp.isoformat)
    rows["born"] = rows["born"].dt.strftime("%Y-%m-%d")
    rows.loc[0, "born"] = "2023-02-30"
    rows.loc[1, "admitted"] = "2021-05-05 12:00:00"
    rows.loc[2, "admitted"] = "2021-05-05T12:00:00Z"
    app.choose(str(rows.to_csv(index=False)))
    _, content = app.download("Download results")
    table = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [int(row["label"]) for row in table[3:]] == made().labels[3:].tolist()
    assert "must be a date as 2024-03-01" in table[0]["error"]
    assert "Write a T" in table[1]["error"]
    assert "Time zones are not supported" in table[2]["error"]


def test_the_form_on_a_phone(browser: Browser) -> None:
    with opened(browser, made().page, viewport={"width": 390, "height": 844}) as app:
        app.inside.get_by_role("button", name="Fill with an example").click()
        wide = app.inside.locator("body").evaluate("node => node.scrollWidth - node.clientWidth")
        assert wide <= 0
