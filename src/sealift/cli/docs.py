"""`sealift docs`."""

from __future__ import annotations

import difflib

import click

from sealift import manual
from sealift.cli import console
from sealift.cli.console import say


def run(name: str | None, *, as_json: bool) -> None:
    """List the pages of the documentation, or show one of them as Markdown."""
    if name is None:
        shown = [{"page": page, "title": _title(page), "text": None} for page in manual.pages()]
    else:
        page = _find(name)
        shown = [{"page": page, "title": _title(page), "text": manual.read(page)}]
    if as_json:
        console.show_json({"ok": True, "pages": shown})
    elif name is None:
        for entry in shown:
            say(f"{entry['page']:26}  {entry['title']}")
    else:
        say(str(shown[0]["text"]).rstrip())


def _title(page: str) -> str:
    return manual.read(page).partition("\n")[0].removeprefix("# ")


def _find(name: str) -> str:
    """The page of a name, case-insensitive, with or without `.md` and `docs/`."""
    key = name.removesuffix(".md").removeprefix("docs/").lower()
    by_name = {page.lower(): page for page in manual.pages()}
    if key not in by_name:
        near = difflib.get_close_matches(key, by_name, n=3, cutoff=0.4)
        hint = f" Similar pages: {', '.join(by_name[page] for page in near)}." if near else ""
        raise click.BadParameter(f"there is no page {name!r:.60}.{hint} `sealift docs` lists all.", param_hint="'PAGE'")
    return by_name[key]
