"""The page as a target."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from sealift.targets.base import Built, SealedFile
from sealift.targets.page.build import build_page, check_size
from sealift.targets.page.capabilities import lacking, unproved
from sealift.targets.page.handout import build_handout


class Page:
    """One HTML file that a person opens with a double click."""

    name = "page"
    suffix = ".html"

    def limitations(self, source: SealedFile) -> Sequence[str]:
        """Why no page is made of the model, or why its answers were not compared in the page's engine."""
        reason = lacking(source) or unproved(source.seal)
        return [reason] if reason else []

    def check_size(self, path: Path, size: int) -> None:
        """Refuse a sealed file that is too large for a page. Raises PageError E602."""
        check_size(path, size)

    def build(self, source: SealedFile, output: Path) -> Built:
        """Write the page; see `build_page`."""
        built = build_page(source, output)
        return dataclasses.replace(built, usage="Open it with a double click. It needs no network and sends nothing.")

    def handout(self, source: SealedFile, built: Built, output: Path) -> Path:
        """Write the sheet about the page; see `build_handout`."""
        return build_handout(source, built, output).path


PAGE = Page()
