"""The page of benchmarks: each benchmark replaces its own section only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path


def replace_section(path: Path, title: str, lines: Sequence[str]) -> None:
    """Put `lines` below the heading `## title`, up to the next one; at the end if there is no such heading."""
    text = path.read_text()
    section = f"## {title}\n\n" + "\n".join(lines).strip("\n") + "\n"
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if pattern.search(text):
        text = pattern.sub(lambda _: section + "\n", text, count=1)
    else:
        text = text.rstrip("\n") + "\n\n" + section
    path.write_text(text.rstrip("\n") + "\n")
