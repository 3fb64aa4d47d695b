"""The page of a net in Chromium, opened from disk, as a person uses it: times and memory."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Page, expect, sync_playwright

from sealift.demo.browser import QUIET, find

_SLOW = 180_000  # milliseconds


class OpenPage:
    """A page that is open and has answered its first row.

    Attributes:
        ready: seconds from opening it to the first answer.
    """

    def __init__(self, tab: Page, path: Path, rows: Sequence[Any]) -> None:
        self._tab, self._app, self._rows, self._given = tab, tab.frame_locator("iframe"), rows, 0
        self._is_text = isinstance(rows[0], str)
        begun = time.perf_counter()
        tab.goto(path.as_uri())
        field = self._app.locator("#field-0")
        if self._is_text:
            field.fill(rows[0])
        else:
            field.set_input_files(_payload("first.jpg", rows[0]))
        prediction = self._app.get_by_test_id("prediction")
        expect(prediction).to_have_attribute("data-state", "ready", timeout=_SLOW)
        self.ready = time.perf_counter() - begun
        self._app.get_by_role("tab", name="File" if self._is_text else "Many pictures").click()

    def seconds(self) -> float:
        """The time for all rows, in the table of a file or of many pictures."""
        self._given += len(self._rows)
        if self._is_text:
            name, table = f"texts{self._given}.csv", io.StringIO()
            csv.writer(table).writerows([["text"], *([row] for row in self._rows)])
            status, control = self._app.get_by_test_id("file-status"), self._app.locator("#data-file")
            files = [_payload(name, table.getvalue().encode(), "text/csv")]
            expected = f"{name}, "
        else:
            status, control = self._app.get_by_test_id("gallery-status"), self._app.get_by_test_id("pictures")
            files = [_payload(f"{i}.jpg", row) for i, row in enumerate(self._rows)]
            expected = f"{self._given} of {self._given} pictures answered"
        begun = time.perf_counter()
        control.set_input_files(files)
        expect(status).to_contain_text(expected, timeout=_SLOW)
        return time.perf_counter() - begun

    def memory(self) -> int:
        """Bytes that the processes of the browser have for themselves."""
        processes = [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]
        return sum(one.memory_full_info().uss for one in processes)


@contextmanager
def opened(path: Path, rows: Sequence[Any], *, cores: int) -> Iterator[OpenPage]:
    """The page in a browser that reports `cores` processors, which is the number of its workers."""
    script = f"Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', {{ get: () => {cores} }});"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find(), args=list(QUIET))
        try:
            tab = browser.new_page()
            tab.add_init_script(script)
            tab.set_default_timeout(_SLOW)
            yield OpenPage(tab, path, rows)
        finally:
            browser.close()


def _payload(name: str, data: bytes, kind: str = "") -> Any:
    return {"name": name, "mimeType": kind, "buffer": data}
