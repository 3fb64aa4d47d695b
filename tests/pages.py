"""What the tests of the page share: two browsers, a demo model with its page, and one page opened as a person would."""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, Playwright, sync_playwright
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sealift.demo.browser import QUIET, find
from sealift.packing import ContractOptions, pack
from sealift.targets.base import Built
from sealift.targets.page import build_page

NAMES = ("malignant", "benign")
Kind: TypeAlias = Literal["chromium", "firefox"]
Scheme: TypeAlias = Literal["light", "dark"]
KINDS: tuple[Kind, ...] = ("chromium", "firefox")
SCHEMES: tuple[Scheme, ...] = ("dark", "light")  # in the order of Firefox's setting
# Without these Firefox itself talks to the network.
QUIET_PREFS = {
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}


@dataclass(frozen=True)
class Demo:
    """The demo model's page, the rows it is asked about, and scikit-learn's answers."""

    page: Built
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
        card={"title": "Breast mass"},
        contract=ContractOptions(
            class_names=NAMES,
            headline=("probability", 0),
            fields={
                "mean radius": {"units": "mm", "range": [0, 100], "missing": "refused"},
                "side": {"unknown": "refused"},
            },
        ),
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

    def choose(self, data: str | bytes | Path, name: str = "rows.csv") -> None:
        """Choose a data file; its bytes are given to the browser, because Firefox takes no paths in a frame."""
        content = data.read_bytes() if isinstance(data, Path) else data.encode() if isinstance(data, str) else data
        chosen: Any = {"name": name, "mimeType": "text/csv", "buffer": content}
        self.inside.get_by_label("Data file", exact=True).set_input_files(chosen)

    def download(self, button: str) -> tuple[str, bytes]:
        """The name and content of what a click on `button` saves."""
        control = self.inside.get_by_role("button", name=button)
        if kind_of(self.page) == "chromium":
            with self.page.expect_download() as waiting:
                control.click()
            return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()
        # Playwright passes over Firefox's event, which names no navigation; the file is there all the same.
        assert list(_downloads().iterdir()) == []
        control.click()
        for _ in range(300):
            self.page.wait_for_timeout(100)
            complete = [path for path in _downloads().iterdir() if path.suffix != ".part" and path.stat().st_size]
            if complete and len(list(_downloads().iterdir())) == 1:
                content = complete[0].read_bytes()
                complete[0].unlink()
                return complete[0].name, content
        raise AssertionError("nothing was saved within 30 seconds")

    def outside_requests(self) -> list[str]:
        """Requests that are neither the file itself nor something that the page made in memory."""
        return [url for url in self.requests if not url.startswith(("blob:", "data:", "file:"))]


@contextlib.contextmanager
def _driver() -> Iterator[Playwright]:
    """Playwright permits one driver at a time, so browsers that run side by side share it."""
    if not _drivers:
        with sync_playwright() as playwright:
            _drivers.append(playwright)
            try:
                yield playwright
            finally:
                _drivers.clear()
    else:
        yield _drivers[0]


_drivers: list[Playwright] = []


@contextlib.contextmanager
def launch(
    *flags: str, kind: Kind = "chromium", prefs: dict[str, Any] | None = None, scheme: Scheme | None = None
) -> Iterator[Browser]:
    """Debian's Chromium, or Debian's Firefox over WebDriver BiDi.

    Firefox's remote protocol cannot emulate media, so the colour scheme is chosen when it starts.
    """
    with _driver() as playwright:
        if kind == "chromium":
            launched = playwright.chromium.launch(executable_path=find(), args=[*QUIET, *flags])
        else:
            colours = (
                {} if scheme is None else {"layout.css.prefers-color-scheme.content-override": SCHEMES.index(scheme)}
            )
            launched = playwright.firefox.launch(
                channel="moz-firefox",
                executable_path=shutil.which("firefox-esr") or shutil.which("firefox"),
                downloads_path=_downloads(),
                firefox_user_prefs={**QUIET_PREFS, **colours, **(prefs or {})},
            )
        yield launched
        launched.close()


def kind_of(where: Browser | Page) -> Kind:
    browser = where if isinstance(where, Browser) else where.context.browser
    assert browser is not None
    return "firefox" if browser.browser_type.name == "firefox" else "chromium"


@functools.cache
def _downloads() -> Path:
    """Where Firefox saves files."""
    return Path(tempfile.mkdtemp(prefix="sealift-downloads-"))


@contextlib.contextmanager
def opened(
    launched: Browser, path: Path, *, wait: bool = True, script: Path | None = None, **options: Any
) -> Iterator[Opened]:
    """The page in a context of its own; `script` runs first in every frame, which no content policy prevents."""
    if kind_of(launched) == "firefox":
        options |= dict.fromkeys(("color_scheme", "reduced_motion", "forced_colors", "contrast"), "null")
    context: BrowserContext = launched.new_context(**options)
    if script is not None:
        context.add_init_script(path=script)
    page = context.new_page()
    opened_page = Opened(page, page.frame_locator("iframe"), [], [])
    context.on("request", lambda request: opened_page.requests.append(request.url))
    page.on("pageerror", lambda error: opened_page.errors.append(str(error)))
    page.goto(path.as_uri())
    if wait:
        opened_page.prediction.wait_for()
    yield opened_page
    # Firefox reports each refusal of the content policy as an error of the page.
    opened_page.errors[:] = [
        error for error in opened_page.errors if not error.startswith("The page’s settings blocked")
    ]
    context.close()
