"""The page as a target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sealift.seal import Seal
from sealift.targets.base import Built
from sealift.targets.page.build import build_page
from sealift.targets.page.capabilities import lacking

_NO_RUN = "does not run"


class Page:
    """One HTML file that a person opens with a double click."""

    name = "page"
    suffix = ".html"

    def limitations(self, seal: Seal) -> Sequence[str]:
        """What the page lacks, and why a page of this model would not answer, as the proof in WebAssembly found."""
        names = lacking(seal.contract())
        if names:
            return [f"The page does not have what the model requires: {', '.join(names)}."]
        engine = str(seal.json("evidence.json")["parity"]["engines"].get("webassembly", ""))
        if not engine.startswith(_NO_RUN):
            return []
        return [f"In WebAssembly, the engine of the page, the model {engine}"]

    def build(self, source: Path, output: Path) -> Built:
        """Write the page; see `build_page`."""
        return build_page(source, output)


PAGE = Page()
