"""The styles of the page of a server have the colours of the page of a model; each page is complete in itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SERVER = (ROOT / "src/sealift/serve/page/page.css").read_text(encoding="utf-8")
MODEL = (ROOT / "web/app/src/ui/styles/base.css").read_text(encoding="utf-8")


def variables(css: str, *, dark: bool) -> dict[str, str]:
    """The variables of `:root`, by name."""
    blocks = re.findall(r":root \{(.*?)\}", re.sub(r"/\*.*?\*/", "", css, flags=re.S), re.S)
    assert len(blocks) == 2
    return dict(re.findall(r"(--[\w-]+):\s*([^;]+);", blocks[dark]))


@pytest.mark.parametrize("dark", [False, True])
def test_colours_and_fonts_are_those_of_the_page_of_a_model(dark: bool) -> None:
    server, model = variables(SERVER, dark=dark), variables(MODEL, dark=dark)
    assert len(server) > 10
    assert server == {name: value for name, value in model.items() if name in server}


def test_every_variable_is_defined() -> None:
    used = set(re.findall(r"var\((--[\w-]+)\)", SERVER))
    assert used <= variables(SERVER, dark=False).keys()
