"""What the browser's own menu prints, which is the outer page with a frame as high as the printed document.

In Chromium, whose remote protocol prints to a file; the rules for paper are the same in Firefox.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from pages import Opened, demo, opened


@pytest.fixture(scope="module", name="app", params=[1280, 390])
def _app(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Opened]:
    with opened(chromium, demo().page.path, viewport={"width": request.param, "height": 844}) as result:
        yield result


def printed(app: Opened, path: Path, sheet: str = "A4") -> tuple[list[str], str]:
    """The words of each sheet, and all of them in one line."""
    app.page.wait_for_timeout(700)  # the height follows an entry by a fifth of a second
    app.page.pdf(path=path, format=sheet)
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    sheets = [" ".join(part.split()) for part in text.replace("\u00a0", " ").split("\f")[:-1]]
    return sheets, " ".join(sheets)


@pytest.mark.parametrize("sheet", ["A4", "Letter"])
def test_every_entry_is_on_paper(app: Opened, tmp_path: Path, sheet: str) -> None:
    app.tab("Predict")
    clear = app.inside.get_by_role("button", name="Clear", exact=True)
    if clear.is_enabled():
        clear.click()
    _, before = printed(app, tmp_path / "empty.pdf", sheet)
    assert before.count("not given") == len(demo().rows.columns)
    app.inside.get_by_role("button", name="Fill with an example").click()
    expect(app.prediction).to_have_attribute("data-state", "ready")
    _, after = printed(app, tmp_path / "filled.pdf", sheet)
    shown = app.inside.locator(".field .printed").all_text_contents()
    assert len(shown) == len(demo().rows.columns)
    lacking = [text for text in shown if text.replace("\u00a0", " ") not in after]
    assert lacking == []
    assert "Predicted class" in after


def test_a_frame_that_is_too_low_would_be_noticed(app: Opened, tmp_path: Path) -> None:
    app.tab("Predict")
    app.inside.get_by_role("button", name="example").click()
    app.page.wait_for_timeout(700)
    app.page.evaluate("document.documentElement.style.setProperty('--height', '500px')")
    _, text = printed(app, tmp_path / "low.pdf")
    shown = app.inside.locator(".field .printed").all_text_contents()
    assert [part for part in shown if part.replace("\u00a0", " ") not in text] != []


def test_results_of_a_file_fit_the_sheet(app: Opened, tmp_path: Path) -> None:
    app.tab("File")
    rows = demo().rows[400:440].copy()
    rows["mean area"] *= 100
    app.choose(rows.to_csv(index=False))
    expect(app.inside.get_by_test_id("file-status")).to_contain_text("40 of 40 rows answered")
    sheets, text = printed(app, tmp_path / "file.pdf")
    assert "Notes on the columns" in text
    # The cautions stand at the right, and in more than two lines where they are long.
    assert text.count("is unlike the training data") >= 40
    assert len(sheets) > 1
    assert "Print” in the page, or Ctrl+P within it, does not" in sheets[-1]
    assert "which may cut a line" not in sheets[0]
