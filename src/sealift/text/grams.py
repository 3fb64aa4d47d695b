"""Runs of words and of characters (spec/TEXT.md §5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

from sealift.text.scan import separated, spelled

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
    for word in words:
        found += _of_word(word, least, most) if len(word) <= _SHORT else _grown(word, least, most)
    return found


def _grown(bare: str, least: int, most: int) -> list[str]:
    word = f" {bare} "
    count = len(word)
    found: list[str] = []
    for size in range(least, most + 1):
        if count <= size:
            found.append(word)
            break
        found += [word[i : i + size] for i in range(count - size + 1)]
    return found


_SHORT = 24
_of_word = lru_cache(1 << 13)(_grown)


def blanks(ranges: Sequence[tuple[int, int]]) -> tuple[Callable[[str], str], Split]:
    """Two functions that know white space by `ranges` alone: two blanks or more to one space, and the parts between."""
    if not ranges:
        return lambda text: text, lambda text: [text] if text else []
    several = re.compile(f"[{spelled(ranges)}]{{2,}}")
    return lambda text: several.sub(" ", text), separated([ranges], 1)
