"""Open the finished page from disk in a browser and predict a file with it; used by the demo only."""

from __future__ import annotations

import csv
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.errors import MissingExtraError

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from sealift.demo.case import Enter

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without these options the browser itself sends requests, which would be counted as requests of the page.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_PATIENCE = 60_000


@dataclass(frozen=True)
class BrowserResult:
    """What the page showed in the browser.

    Attributes:
        rows: the records of the downloaded results.
        requests: addresses that the page requested, except its own.
        ready: seconds from opening the page to its first prediction.
        verified: the page's report on its golden examples.
    """

    rows: list[dict[str, str]]
    requests: list[str]
    ready: float
    verified: str


def find() -> str | None:
    """The path of an installed Chromium or Chrome."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def open_page(
    page: Path, rows: Path, *, first: Enter, all_rows: Enter, screenshot: Path, chromium: str
) -> BrowserResult:
    """Open `page` from disk, predict one row, save a screenshot, verify the page, and predict `rows`.

    Args:
        page: the page.
        rows: the data, for `first` and `all_rows`.
        first: makes the page's first prediction.
        all_rows: gives the page all rows to predict.
        screenshot: where to save the picture.
        chromium: the path of the browser.

    Raises:
        FileError: E405 when playwright is not installed.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise MissingExtraError(
            "E405",
            "Playwright, which controls the browser, is not installed.",
            fix="Install it with: pip install 'sealift[demo]'.",
        ) from None
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(QUIET))
        try:
            tab = browser.new_page(viewport={"width": 1280, "height": 900}, accept_downloads=True)
            return _use(tab, page, rows, first, all_rows, screenshot)
        finally:
            browser.close()


def _use(tab: Page, page: Path, rows: Path, first: Enter, all_rows: Enter, screenshot: Path) -> BrowserResult:
    address = page.resolve().as_uri()
    requests: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    start = time.perf_counter()
    tab.goto(address)
    tab.set_default_timeout(_PATIENCE)
    frame = tab.frame_locator("iframe")
    first(frame, rows)
    frame.locator("[data-testid=prediction][data-label]").wait_for(timeout=_PATIENCE)
    ready = time.perf_counter() - start
    tab.screenshot(path=str(screenshot))
    frame.get_by_role("tab", name="Verify").click()
    summary = frame.get_by_test_id("verify-summary")
    frame.get_by_text("examples match").first.wait_for(timeout=_PATIENCE)
    verified = summary.inner_text().strip().splitlines()[0]
    all_rows(frame, rows)
    with tab.expect_download(timeout=_PATIENCE) as download:
        frame.get_by_role("button", name="Download results").click(timeout=_PATIENCE)
    text = Path(download.value.path()).read_text("utf-8-sig")
    others = [url for url in requests if url != address and not url.startswith(("data:", "blob:", "about:"))]
    return BrowserResult(list(csv.DictReader(text.splitlines())), others, ready, verified)
