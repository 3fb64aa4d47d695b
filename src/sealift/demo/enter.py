"""How a person enters data into the page of a demo."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator


def example(frame: FrameLocator, rows: Path) -> None:
    """Fill the form with an example of the sealed file."""
    del rows
    frame.get_by_role("button", name="Fill with an example").click()


def first_picture(frame: FrameLocator, folder: Path) -> None:
    """Choose the first picture of the folder."""
    frame.locator("#field-0").set_input_files(str(min(folder.iterdir())))


def first_text(frame: FrameLocator, file: Path) -> None:
    """Type the first text of a CSV file with one column."""
    with file.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        frame.locator("#field-0").fill(next(rows)[0])


def table(frame: FrameLocator, file: Path) -> None:
    """Choose a table file."""
    frame.get_by_role("tab", name="File").click()
    frame.get_by_label("Data file", exact=True).set_input_files(str(file))


def pictures(frame: FrameLocator, folder: Path) -> None:
    """Choose all pictures of the folder, in the order of their names."""
    frame.get_by_role("tab", name="Many pictures").click()
    frame.get_by_test_id("pictures").set_input_files([str(file) for file in sorted(folder.iterdir())])
