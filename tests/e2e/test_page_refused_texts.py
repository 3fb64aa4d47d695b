"""Texts that the original model refuses (R108) in the form and in file mode, in both browsers, at any width."""

from __future__ import annotations

import csv
import functools
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, expect
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from pages import Opened, opened
from sealift.packing import ContractOptions, pack
from sealift.targets.page import build_page

CRP, ADMISSION, AGE = "C-reactive protein", "Admission", "Age"


def read(rows: Any) -> Any:
    """As a data scientist writes it: both raise for what they cannot read."""
    month = pd.to_datetime(rows["admitted"], format="%d.%m.%Y").dt.month
    return pd.DataFrame({"crp": pd.to_numeric(rows["crp"]), "month": month, "age": rows["age"]})


@functools.cache
def made() -> tuple[Path, Any]:
    """The page, and the original model."""
    random, count = np.random.default_rng(0), 300
    days = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 700, count), "D"))
    rows = pd.DataFrame(
        {
            "crp": [f"{value:.1f}" for value in random.gamma(2, 20, count)],
            "admitted": days.dt.strftime("%d.%m.%Y"),
            "age": random.integers(18, 95, count).astype(float),
        }
    ).astype({"crp": object, "admitted": object})
    ill = ((rows["crp"].astype(float) > 40) | (rows["age"] > 80)).astype(int)
    model = make_pipeline(FunctionTransformer(read), DecisionTreeClassifier(max_depth=4, random_state=0))
    model.fit(rows, ill)
    folder = Path(tempfile.mkdtemp(prefix="sealift-page-"))
    fields = {
        "crp": {"title": CRP, "units": "mg/l"},
        "admitted": {"title": ADMISSION},
        "age": {"title": AGE, "units": "years"},
    }
    options = ContractOptions(fields=fields)
    pack(model, rows, ill, name="sepsis", output=folder / "m.seal", contract=options, card={"title": "Sepsis"})
    return build_page(folder / "m.seal", folder / "m.html").path, model


@pytest.fixture(scope="module", name="app", params=[1280, 390])
def _app(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Opened]:
    with opened(browser, made()[0], viewport={"width": request.param, "height": 844}) as opened_page:
        yield opened_page
        assert opened_page.errors == []
        assert opened_page.outside_requests() == []


def note(app: Opened, name: str) -> Any:
    return app.inside.locator(f'[data-field="{name}"] .note.error')


def is_not_wider(app: Opened) -> bool:
    result: bool = app.page.frames[1].evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    return result


def test_the_form_reports_values_that_the_original_refuses(app: Opened) -> None:
    app.tab("Predict")
    assert app.field(CRP).evaluate("node => [node.tagName, node.type]") == ["INPUT", "text"]  # a value takes one line
    expect(app.inside.locator('[data-field="admitted"] .note')).to_have_text("such as 31.12.2024")
    app.field(AGE).fill("61")
    app.field(ADMISSION).focus()
    app.page.keyboard.type("1")
    expect(app.prediction).to_have_attribute("data-state", "incomplete")
    expect(note(app, "admitted")).to_have_count(0)  # it may become a date
    app.page.keyboard.type(".13.2024")
    app.field(CRP).fill("12,5 mg")
    app.field(AGE).focus()
    expect(note(app, "admitted")).to_contain_text("cannot be read as a date by the format %d.%m.%Y, such as 31.12.2024")
    expect(note(app, "crp")).to_contain_text("cannot be read as a finite number; decimals are written with a point")
    expect(app.field(CRP)).to_have_attribute("aria-invalid", "true")
    expect(app.prediction).to_contain_text("2 values need correction")
    assert app.prediction.get_attribute("data-label") is None
    assert is_not_wider(app)
    app.field(CRP).fill("12.5")
    expect(note(app, "crp")).to_have_count(0)
    app.field(ADMISSION).fill("1.12.2024")
    expect(app.prediction).to_have_attribute("data-state", "ready")
    row = pd.DataFrame({"crp": ["12.5"], "admitted": ["1.12.2024"], "age": [61.0]})
    assert app.prediction.get_attribute("data-label") == str(made()[1].predict(row)[0])
    app.inside.get_by_role("button", name="Clear").click()


def test_file_mode_names_the_rows_that_the_original_refuses(app: Opened) -> None:
    app.tab("File")
    app.choose('crp,admitted,age\n12.5,01.03.2024,61\n"12,5",01.03.2024,70\n80.1,2024-03-01,40\n90,05.05.2024,50\n')
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("2 of 4 rows answered, 2 could not be")
    table = app.inside.get_by_test_id("bad-rows").locator("tbody tr")
    expect(table).to_have_count(2)
    expect(table.first).to_contain_text("R108")
    expect(table.first).to_contain_text(CRP)
    assert is_not_wider(app)
    _, content = app.download("Download results")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [bool(row["error"]) for row in rows] == [False, True, True, False]
    assert rows[1]["error"] == (
        "[R108] \"crp\" is the text '12,5', which cannot be read as a finite number; decimals are written with a point."
    )
    assert rows[2]["error"] == (
        "[R108] \"admitted\" is the text '2024-03-01', which cannot be read as a date by the format %d.%m.%Y, "
        "such as 31.12.2024."
    )
    good = pd.DataFrame(rows)[["crp", "admitted", "age"]].iloc[[0, 3]].astype({"age": float})
    assert [int(rows[i]["label"]) for i in (0, 3)] == made()[1].predict(good).tolist()
