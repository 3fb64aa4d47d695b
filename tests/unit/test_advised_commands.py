"""Every command line that the page, an error, the help or the documentation advises exists, with its options."""

from __future__ import annotations

import ast
import html
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sealift.cli.commands import app

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "sealift").rglob("*.py"))
PAGE = sorted(path for path in (ROOT / "web" / "app" / "src").rglob("*") if path.suffix in {".ts", ".svelte", ".html"})
TEXTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "spec").glob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
# `sealift` as the package, in sentences.
_PROSE = {"first", "is", "has", "needs", "reads", "so"}
_CODE = re.compile(r"`{1,2}([^`\n]*)`{1,2}|<code>([^<]*)</code>")
_LINE = re.compile(r"^\s*(?:\$ )?(sealift [a-z].*)$", re.MULTILINE)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# Options of pip, which remedies name.
_FOREIGN = {"--force-reinstall", "--upgrade"}


def commands(text: str) -> Iterator[str]:
    """The command lines in code spans, `<code>`, and lines of their own."""
    for span in _CODE.finditer(text):
        code = html.unescape(span[1] or span[2] or "").strip()
        if re.match(r"(\$ )?sealift [a-z]", code):
            yield code.removeprefix("$ ")
    for line in _LINE.finditer(text.replace("\\\n", " ")):  # lines that are continued
        yield html.unescape(line[1])


def strings(path: Path) -> Iterator[str]:
    """The string constants of a module, f-strings with `X` for what is filled in; docstrings too."""
    tree = ast.parse(path.read_text())
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else "X" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


def fixes(path: Path) -> Iterator[str]:
    """The texts given as `fix` in calls."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "fix":
                    parts = [part.value for part in ast.walk(keyword.value) if isinstance(part, ast.Constant)]
                    yield " ".join(str(part) for part in parts)


def check(line: str) -> None:
    """Fail unless the command and its options exist."""
    words = shlex.split(line.replace("[", " ").replace("]", " ").replace("…", " ").partition(" | ")[0], comments=True)
    assert words[0] == "sealift"
    if words[1] in ("COMMAND",):
        return
    name = words[1].rstrip(".,:;")
    assert name in app.commands, f"`{line}`: there is no command {name}"
    known = {option for parameter in app.commands[name].params for option in parameter.opts} | {"--help", "-h"}
    for word in words[2:]:
        option = word.partition("=")[0].rstrip(".,;:)")
        if re.fullmatch(r"--?[a-z][a-z-]*", option):
            assert option in known, f"`{line}`: {name} has no option {option}"


OPTIONS = {option for command in app.commands.values() for parameter in command.params for option in parameter.opts} | {
    "--help",
    "--version",
}


@pytest.mark.parametrize("path", [*PAGE, *TEXTS], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_texts(path: Path) -> None:
    for line in commands(path.read_text()):
        check(line)


def test_the_page_and_the_documentation_are_read() -> None:
    """So that an empty pattern does not pass."""
    advised = {line for path in [*PAGE, *TEXTS] for line in commands(path.read_text())}
    assert "sealift verify page.html --key publisher.pub" in advised
    assert "sealift keygen publisher-key" in advised
    assert len(advised) > 40


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_messages_help_and_docstrings(path: Path) -> None:
    for text in strings(path):
        for line in commands(text):
            check(line)
        for word in re.findall(r"\bsealift ([a-z][a-z-]+)(?![\w-])", text):
            assert word in app.commands or word in _PROSE, f"'sealift {word}' in {text[:200]!r}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_options_that_remedies_name(path: Path) -> None:
    for text in fixes(path):
        for option in _OPTION.findall(text):
            assert option in OPTIONS | _FOREIGN, f"{option} in {text[:200]!r}"


def test_examples_of_the_help_are_valid_command_lines() -> None:
    for name, command in app.commands.items():
        line = str(command.epilog).removeprefix("Example:  sealift ").partition("   (")[0]
        words = shlex.split(line)
        assert words[0] == name
        parser = command.make_parser(click.Context(command))
        _, _, order = parser.parse_args(args=words[1:])
        assert order


@pytest.mark.parametrize(
    "line", ["sealift publish m.seal", "sealift verify m.seal --keys k", "sealift app m.seal --out page.html"]
)
def test_what_does_not_exist_is_found(line: str) -> None:
    with pytest.raises(AssertionError):
        check(line)
