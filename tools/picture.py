"""Make docs/pictures/page.png of the demo's page: `make picture`, after a change of how the page looks."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from sealift.demo.browser import QUIET, find

ROOT = Path(__file__).parents[1]
# As wide as a desktop's browser; no higher than fits on a screen below the README's first lines.
SIZE = {"width": 1180, "height": 560}


def main(page: Path) -> None:
    """Open the page with one of its own examples filled in, and write the picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=list(QUIET))
        context = browser.new_context(viewport=SIZE, color_scheme="light", device_scale_factor=1.5)  # type: ignore[arg-type]
        tab = context.new_page()
        tab.goto(page.resolve().as_uri())
        tab.frame_locator("iframe").get_by_test_id("prediction").wait_for()
        inside = tab.frame_locator("iframe")
        inside.get_by_text("Same answers as the original model").first.wait_for()
        inside.get_by_role("button", name="Fill with an example").click()
        inside.get_by_text("Predicted class").first.wait_for()
        inside.get_by_role("button", name="Next example").evaluate("button => button.blur()")
        tab.screenshot(path=ROOT / "docs" / "pictures" / "page.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
