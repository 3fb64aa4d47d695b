"""The documentation site: complete, linked, and usable from disk without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

import pages
import sealift
from sealift.errors import CODES

ROOT = Path(__file__).parents[2]
# Where a page or a style sheet makes the browser load something; links that a reader follows are not among them.
_LOADED = re.compile(
    r"""<(?:script|img|iframe|source|audio|video)\b[^>]*?\bsrc\s*=\s*["']([^"']+)"""
    r"""|<link\b(?![^>]*\brel=["'](?:index|search|next|prev|canonical)["'])[^>]*?\bhref\s*=\s*["']([^"']+)"""
    r"""|url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it; a warning, such as a broken link, fails."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--builder", "html", "--conf-dir", "docs"]
    command = [sys.executable, "-m", "sphinx", *options, "--doctree-dir", folder / "doctrees", ".", folder / "html"]
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "html"


def test_nothing_is_loaded_from_outside(site: Path) -> None:
    loaded = 0
    for path in site.rglob("*"):
        if path.suffix in (".html", ".css", ".svg"):
            for groups in _LOADED.findall(path.read_text()):
                target = "".join(groups)
                loaded += 1
                assert not re.match(r"(?:https?:)?//", target), f"{path.name} loads {target}"
    assert loaded > 100


def test_every_error_code_is_an_anchor(site: Path) -> None:
    page = (site / "docs" / "errors.html").read_text()
    for code in CODES:
        assert f'id="{code.lower()}"' in page
        assert f'id="{code}"' in page


def test_codes_in_pages_are_links(site: Path) -> None:
    assert 'href="../docs/errors.html#e302"' in (site / "docs" / "api.html").read_text()
    assert 'href="docs/errors.html#e604"' in (site / "CHANGELOG.html").read_text()


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    page = (site / "docs" / "api.html").read_text()
    for name in sealift.__all__:
        if name != "__version__":
            assert f'id="sealift.{name}"' in page


def test_every_link_leads_somewhere(site: Path) -> None:
    ids: dict[Path, set[str]] = {}
    for page in site.rglob("*.html"):
        for link in re.findall(r'<a\b[^>]*?\bhref="([^"]+)"', page.read_text()):
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = unquote(link).partition("#")
            target = (page.parent / name).resolve() if name else page
            assert target.is_file(), f"{page.relative_to(site)} links to {link}"
            if anchor and target.suffix == ".html":
                if target not in ids:
                    ids[target] = set(re.findall(r'\bid="([^"]+)"', target.read_text()))
                assert anchor in ids[target], f"{page.relative_to(site)} links to {link}"


def test_search_works_from_disk(site: Path) -> None:
    with pages.launch() as browser:
        page = browser.new_page()
        outside: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: outside.append(request.url) if request.url[:4] == "http" else None)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((site / "index.html").as_uri())
        page.wait_for_url("**/docs/index.html")
        page.locator("input[name=q]").first.fill("handout")
        page.locator("input[name=q]").first.press("Enter")
        page.locator("#search-results li a").first.wait_for()
        titles = page.locator("#search-results li a").all_inner_texts()
        assert "Command line" in titles
        # The code of an error leads to its explanation.
        page.goto((site / "search.html").as_uri() + "?q=E302")
        page.locator("#search-results li a").first.click()
        page.wait_for_url("**/docs/errors.html#E302")
        assert not outside
        assert not complaints
