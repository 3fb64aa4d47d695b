"""`sealift explain-error`."""

from __future__ import annotations

import dataclasses
import re
import shutil
import textwrap

import click

from sealift.cli import console
from sealift.cli.console import say, styled
from sealift.errors import CODES
from sealift.explanations import explain

_LABELS = {"meaning": "meaning", "causes": "causes", "what_to_do": "fix"}


def run(code: str, *, as_json: bool) -> None:
    """Show the section of docs/errors.md on a code."""
    code = code.strip().strip("[]").upper()
    if code not in CODES:
        near = [known for known in CODES if known[:2] == code[:2]] or list(CODES)
        raise click.BadParameter(
            f"there is no error {code!r:.20}. Similar codes: {', '.join(near)}.", param_hint="'CODE'"
        )
    explanation = explain(code)
    if as_json:
        console.show_json({"ok": True, **dataclasses.asdict(explanation)})
        return
    say(f"{styled(explanation.code, 'strong')}  {explanation.title}")
    width = min(shutil.get_terminal_size((80, 24)).columns, 100)
    for key, label in _LABELS.items():
        text = _plain(getattr(explanation, key))
        if text:
            lines = textwrap.wrap(text, width - 12, break_on_hyphens=False, break_long_words=False)
            say(f"\n  {styled(label.ljust(8), 'dim')}  {lines[0]}")
            for line in lines[1:]:
                say(f"{' ' * 12}{line}")


def _plain(text: str) -> str:
    """Markdown without links and emphasis."""
    return re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text).replace("**", "")
