"""docs/versions.md states the oldest versions of dependencies as pyproject.toml has them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_oldest_versions_are_those_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {"every use": project["dependencies"], **project["optional-dependencies"]}
    wanted = {extra: sorted(filter(None, map(_oldest, lines))) for extra, lines in declared.items()}
    page = (ROOT / "docs" / "versions.md").read_text()
    stated: dict[str, list[str]] = {}
    for what, versions in re.findall(r"^\| ([^|]*?) \| ([a-z][^|]* [0-9][^|]*?) \|$", page, re.MULTILINE):
        extra = re.search(r"`sealift\[(\w+)\]`", what)
        stated[extra[1] if extra else what.partition(":")[0]] = sorted(versions.split(", "))
    assert stated == wanted


def test_python() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = project["requires-python"].removeprefix(">=")
    for page in ("README.md", "docs/versions.md"):
        assert f"Sealift needs Python {oldest} or newer" in (ROOT / page).read_text()


def _oldest(requirement: str) -> str | None:
    """`numpy>=2.1; …` as `numpy 2.1`; None for this package's own extras."""
    name, _, version = requirement.partition(";")[0].partition(">=")
    return f"{name} {version}" if version else None
