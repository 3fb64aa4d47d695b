"""What the tests of the page share: a browser, a demo model with its page, and one page opened as a person would."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, sync_playwright
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sealift.apps import PageInfo, build_page
from sealift.demo.browser import QUIET, find
from sealift.packing.pack import pack

NAMES = ("malignant", "benign")


@dataclass(frozen=True)
class Demo:
    """The demo model's page, the rows it is asked about, and scikit-learn's answers."""

    page: PageInfo
    seal: Path
    rows: pd.DataFrame
    labels: np.ndarray[Any, np.dtype[np.int64]]
    probabilities: np.ndarray[Any, np.dtype[np.float64]]


@functools.cache
def demo() -> Demo:
    """Breast cancer (569 rows) with categories and missing values added, behind preprocessing and boosted trees."""
    data = load_breast_cancer(as_frame=True)
    rows, truth = data.data.copy(), data.target
    numbers = list(rows.columns)
    random = np.random.default_rng(7)
    size = pd.cut(rows["mean radius"], [0, 12, 15, 100], labels=["small", "medium", "large"])
    rows["size"] = size.astype(object).where(random.random(len(rows)) > 0.05, None)
    rows["side"] = np.where(random.random(len(rows)) < 0.5, "left", "right").astype(object)
    rows.loc[random.random(len(rows)) < 0.1, "mean texture"] = np.nan
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            (
                "texts",
                make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
                ["size", "side"],
            ),
        ]
    )
    model = make_pipeline(prepare, HistGradientBoostingClassifier(max_iter=60, random_state=0))
    model.fit(rows[:400], truth[:400])
    folder = Path(tempfile.mkdtemp(prefix="sealift-page-"))
    seal = folder / "breast-cancer.seal"
    pack(
        model,
        rows[400:],
        truth[400:],
        name="breast-cancer",
        output=seal,
        title="Breast mass",
        class_names=NAMES,
        headline=("probability", 0),
        fields={
            "mean radius": {"units": "mm", "range": [0, 100], "missing": "refused"},
            "side": {"unknown": "refused"},
        },
    )
    page = build_page(seal, folder / "breast-cancer.html")
    return Demo(page, seal, rows, model.predict(rows), model.predict_proba(rows))


@dataclass
class Opened:
    """One page, opened from disk, with every request that the browser reported."""

    page: Page
    inside: FrameLocator
    requests: list[str]
    errors: list[str]

    @property
    def prediction(self) -> Locator:
        return self.inside.get_by_test_id("prediction")

    def field(self, name: str) -> Locator:
        return self.inside.get_by_label(name, exact=True)

    def fill(self, name: str, value: Any) -> None:
        """As a person fills the field, whatever control it is."""
        control = self.field(name)
        text = "" if pd.isna(value) else str(value)
        if control.evaluate("node => node.tagName") == "SELECT":
            control.select_option(text)
        else:
            control.fill(text)

    def tab(self, name: str) -> None:
        self.inside.get_by_role("tab", name=name).click()

    def outside_requests(self) -> list[str]:
        """Requests that are neither the file itself nor something that the page made in memory."""
        return [url for url in self.requests[1:] if not url.startswith(("blob:", "data:"))]


@contextlib.contextmanager
def browser(*flags: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=find(), args=[*QUIET, *flags])
        yield launched
        launched.close()


@contextlib.contextmanager
def opened(launched: Browser, path: Path, *, wait: bool = True, **options: Any) -> Iterator[Opened]:
    context: BrowserContext = launched.new_context(**options)
    page = context.new_page()
    found = Opened(page, page.frame_locator("iframe"), [], [])
    context.on("request", lambda request: found.requests.append(request.url))
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    page.goto(path.as_uri())
    if wait:
        found.prediction.wait_for()
    yield found
    context.close()
