"""What objects show in a notebook: nothing reaches beyond the output area, however narrow, and text is readable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser
from sklearn.impute import SimpleImputer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sealift
from pages import demo

# As JupyterLab shows HTML: a table's cells stand right unless they say otherwise.
THEMES = {"light": ("#fff", "rgba(0, 0, 0, 0.87)", "#f5f5f5"), "dark": ("#111", "rgba(255, 255, 255, 0.87)", "#222")}
PAGE = """<style>
body {{ background: {0}; color: {1}; font: 14px/1.6 system-ui, sans-serif; margin: 0; padding: 8px }}
table {{ border-collapse: collapse; font-size: 12px }} td, th {{ text-align: right; padding: 0.5em }}
tbody tr:nth-child(odd) {{ background: {2} }}
</style>{3}"""
# Elements that are wider than their place and cannot be scrolled.
WIDER = """() => [...document.querySelectorAll("body, body *")]
  .filter(node => node.scrollWidth > node.clientWidth && node.clientWidth > 0 &&
    getComputedStyle(node).overflowX === "visible" && getComputedStyle(node).display !== "inline")
  .map(node => node.tagName + " " + node.textContent.slice(0, 60))"""


def unsupported(rows: Any) -> Any:
    return np.sort(rows.to_numpy(), axis=0)


@pytest.fixture(scope="module", name="displays")
def _displays() -> dict[str, str]:
    model = sealift.load(demo().seal)
    numbers = demo().rows.select_dtypes("number")
    labels = demo().labels
    nearest = make_pipeline(FunctionTransformer(unsupported), SimpleImputer(), KNeighborsClassifier())
    diagnosis = sealift.doctor(nearest.fit(numbers, labels), numbers)
    verified = sealift.verify(demo().seal)
    shown: dict[str, Any] = {"model": model, "contract": model.contract, "doctor": diagnosis, "verification": verified}
    return {name: each._repr_html_() for name, each in shown.items()}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [1000, 390])
def test_nothing_is_cut_off(browser: Browser, displays: dict[str, str], width: int, theme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    for name, display in displays.items():
        page.set_content(PAGE.format(*THEMES[theme], display))
        assert page.evaluate(WIDER) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    page.close()


def test_numbers_stand_right_and_empty_columns_are_left_out(displays: dict[str, str]) -> None:
    from sealift.notebook import table

    shown = table("Rows", ["kind", "rows", "unit"], [["all", "1,872", ""], ["bad", 3, ""]])
    assert shown.count("text-align: right") == 3
    assert "unit" not in shown
    assert ">unit<" in displays["model"]  # the demo's first input has one
