"""The documentation in the package: its pages, the command that shows them, and the messages that name them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from sealift import manual
from sealift.cli.commands import app

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "sealift"


def test_every_page_is_listed() -> None:
    written = {path for folder in ("docs", "spec") for path in (ROOT / folder).rglob("*.md")}
    assert set(manual.pages().values()) == written - {ROOT / "docs" / "index.md"}
    assert {"errors", "how-to/sign", "spec/SEAL"} <= set(manual.pages())


def test_list() -> None:
    done = CliRunner().invoke(app, ["docs"])
    assert done.exit_code == 0
    assert len(done.output.splitlines()) == len(manual.pages())
    assert re.search(r"^how-to/sign +How to sign a sealed file, and verify one$", done.output, re.MULTILINE)


@pytest.mark.parametrize("name", ["spec/SEAL", "spec/seal", "spec/SEAL.md"])
def test_page(name: str) -> None:
    text = (ROOT / "spec" / "SEAL.md").read_text()
    assert CliRunner().invoke(app, ["docs", name]).output == text
    shown = json.loads(CliRunner().invoke(app, ["docs", name, "--json"]).output)
    assert shown == {"ok": True, "pages": [{"page": "spec/SEAL", "title": "The sealed file, format 1", "text": text}]}


def test_no_such_page() -> None:
    done = CliRunner().invoke(app, ["docs", "how-to/sing"])
    assert done.exit_code == 2
    assert "how-to/sign" in done.stderr
    assert "`sealift docs` lists all" in done.stderr


def _messages() -> list[tuple[str, str]]:
    """Every string of the source that is no docstring, with its file."""
    messages = []
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements:
                messages.append((path.relative_to(ROOT).as_posix(), node.value))
    return messages


def test_messages_name_pages_that_are_installed() -> None:
    """No path of the repository, which an installed package does not have."""
    for path, text in _messages():
        assert not re.search(r"\b(docs|spec)/[\w/-]+\.md\b", text), f"{path}: {text}"
    mentioned = [(path, name) for path, text in _messages() for name in re.findall(r"`sealift docs ([\w/-]+)`", text)]
    for file in (ROOT / "web" / "app" / "src").rglob("*.[ts]*"):
        mentioned += [(file.name, name) for name in re.findall(r"`sealift docs ([\w/-]+)`", file.read_text())]
    assert len(mentioned) > 8
    for where, name in mentioned:
        assert name in manual.pages(), f"{where} names the page {name}"
