"""N-grams of words and of characters (spec/TEXT.md §5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

from sealift.stages import read
from sealift.stages.text.scan import separated, spelled

PER_RANGE = 8
"""The table entries that a range of white space counts for."""

Split: TypeAlias = Callable[[str], list[str]]


def of_words(words: Sequence[str], least: int, most: int) -> list[str]:
    """All sequences of `least` to `most` consecutive words, joined by a space."""
    count = len(words)
    grams = list(words) if least == 1 else []
    for size in range(max(least, 2), min(most, count) + 1):
        grams += [" ".join(words[i : i + size]) for i in range(count - size + 1)]
    return grams


def of_chars(text: str, least: int, most: int) -> list[str]:
    """All sequences of `least` to `most` consecutive characters."""
    count = len(text)
    grams = list(text) if least == 1 else []
    for size in range(max(least, 2), min(most, count) + 1):
        grams += [text[i : i + size] for i in range(count - size + 1)]
    return grams


def inside_words(words: Sequence[str], least: int, most: int) -> list[str]:
    """Consecutive characters within each word, with a space before and after it; a short word counts once."""
    grams: list[str] = []
    for word in words:
        grams += _of_word(word, least, most) if len(word) <= _SHORT else _grown(word, least, most)
    return grams


def _grown(bare: str, least: int, most: int) -> list[str]:
    word = f" {bare} "
    count = len(word)
    grams: list[str] = []
    for size in range(least, most + 1):
        if count <= size:
            grams.append(word)
            break
        grams += [word[i : i + size] for i in range(count - size + 1)]
    return grams


_SHORT = 24
_of_word = lru_cache(1 << 13)(_grown)


class Blanks:
    """White space as defined by the stage's own set.

    Attributes:
        joined: makes two blanks or more one space.
        parts: gives the longest parts between blanks.
    """

    def __init__(self, raw: object) -> None:
        """Read the set. Raises ValueError."""
        ranges = read.ranges(raw)
        self.entries = PER_RANGE * len(ranges)
        self.joined: Callable[[str], str] = lambda text: text
        self.parts: Split = lambda text: [text] if text else []
        if ranges:
            several = re.compile(f"[{spelled(ranges)}]{{2,}}")
            self.joined = lambda text: several.sub(" ", text)
            self.parts = separated([ranges], 1)
