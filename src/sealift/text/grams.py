"""Runs of words and of characters (spec/TEXT.md §5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

Split: TypeAlias = Callable[[str], list[str]]


def of_words(words: Sequence[str], least: int, most: int) -> list[str]:
    """Every `least` to `most` neighbouring words, joined by a blank."""
    count = len(words)
    found = list(words) if least == 1 else []
    for size in range(max(least, 2), min(most, count) + 1):
        found += [" ".join(words[i : i + size]) for i in range(count - size + 1)]
    return found


def of_chars(text: str, least: int, most: int) -> list[str]:
    """Every `least` to `most` neighbouring characters."""
    count = len(text)
    found = list(text) if least == 1 else []
    for size in range(max(least, 2), min(most, count) + 1):
        found += [text[i : i + size] for i in range(count - size + 1)]
    return found


def inside_words(words: Sequence[str], least: int, most: int) -> list[str]:
    """Neighbouring characters within each word and the blank before and behind it; a short word counts once."""
    found: list[str] = []
    for bare in words:
        word = f" {bare} "
        count = len(word)
        for size in range(least, most + 1):
            if count <= size:
                found.append(word)
                break
            found += [word[i : i + size] for i in range(count - size + 1)]
    return found


def blanks(ranges: Sequence[tuple[int, int]]) -> tuple[Callable[[str], str], Split]:
    """Two functions that know white space by `ranges` alone: two blanks or more to one space, and the parts between."""
    # The pattern spells every character out, so that the host's idea of white space plays no part.
    listed = "".join(f"\\U{start:08x}-\\U{end - 1:08x}" for start, end in ranges)
    if not listed:
        return lambda text: text, lambda text: [text] if text else []
    several, parts = re.compile(f"[{listed}]{{2,}}"), re.compile(f"[^{listed}]+")
    return lambda text: several.sub(" ", text), parts.findall
