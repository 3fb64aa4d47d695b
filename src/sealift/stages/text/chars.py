"""Map characters: lower case and accents by the stage's own tables (spec/TEXT.md §3)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sealift.stages import read

MOST_MAPPED = 1 << 16

_SIGMA, _SMALL_SIGMA, _FINAL_SIGMA = "\u03a3", "\u03c3", "\u03c2"
_HANGUL, _SYLLABLES = 0xAC00, 11172
_LEAD, _VOWEL, _TAIL, _VOWELS, _TAILS = 0x1100, 0x1161, 0x11A7, 21, 28


class _Keep(dict[int, Any]):
    """A table for `str.translate`: characters without an entry are kept."""


class _Drop(dict[int, Any]):
    """A table for `str.translate`: characters without an entry are dropped, except ASCII."""

    def __missing__(self, point: int) -> int | None:
        return point if point < 0x80 else None


class CharMap:
    """A map from each character to a string, independent of its neighbours."""

    def __init__(self, raw: object) -> None:
        """Read a map. Raises ValueError."""
        spec = read.keys(raw, {"rest"}, {"shifts", "texts", "dropped", "hangul"})
        if spec["rest"] not in ("keep", "drop"):
            raise ValueError('rest must be "keep" or "drop"')
        hangul = read.flag(spec.get("hangul", False), "hangul")
        self._table: dict[int, Any] = _Drop() if spec["rest"] == "drop" else _Keep()
        if hangul:
            self._table.update((_HANGUL + i, _jamo(i)) for i in range(_SYLLABLES))
        dropped = read.ranges(spec.get("dropped", []))
        if sum(end - start for start, end in dropped) > MOST_MAPPED:
            raise ValueError(f"dropped must have at most {MOST_MAPPED} characters")
        for start, end in dropped:
            self._table.update(dict.fromkeys(range(start, end)))
        self._table.update(_shifted(read.items(spec.get("shifts", []), int, 4 * MOST_MAPPED)))
        self._table.update(_texts(spec.get("texts", {})))

    @property
    def entries(self) -> int:
        """The number of characters with an entry."""
        return len(self._table)

    @property
    def table(self) -> dict[int, Any]:
        """The table for `str.translate`: code point → code point, string, or None for no character."""
        return self._table

    def __call__(self, text: str) -> str:
        """The text with every character mapped."""
        return text.translate(self._table)


class Lower:
    """Lower case, with its only contextual rule: a capital sigma at the end of a word."""

    def __init__(self, raw: object) -> None:
        """Read the tables. Raises ValueError."""
        spec = read.keys(raw, {"map", "cased", "ignorable"})
        self._map = CharMap(spec["map"])
        self._cased = _edges(spec["cased"])
        self._ignorable = _edges(spec["ignorable"])
        # So that the search for context stops at another sigma, and takes linear time.
        if not _within(self._cased, _SIGMA) or _within(self._ignorable, _SIGMA):
            raise ValueError("the capital sigma must be cased, and not ignorable")

    @property
    def entries(self) -> int:
        """The size of the tables."""
        return self._map.entries + len(self._cased) + len(self._ignorable)

    def __call__(self, text: str) -> str:
        """The text in lower case."""
        if _SIGMA not in text:
            return self._map(text)
        parts = text.split(_SIGMA)
        at, mapped = -1, [self._map(parts[0])]
        for before, part in pairwise(parts):
            at += len(before) + 1
            mapped += (_FINAL_SIGMA if self._is_final(text, at) else _SMALL_SIGMA, self._map(part))
        return "".join(mapped)

    def _is_final(self, text: str, at: int) -> bool:
        before, after = at - 1, at + 1
        while before >= 0 and _within(self._ignorable, text[before]):
            before -= 1
        if before < 0 or not _within(self._cased, text[before]):
            return False
        while after < len(text) and _within(self._ignorable, text[after]):
            after += 1
        return after == len(text) or not _within(self._cased, text[after])


def _edges(raw: object) -> list[int]:
    return [edge for pair in read.ranges(raw) for edge in pair]


def _within(edges: Sequence[int], char: str) -> bool:
    # An odd number of edges at or before the character: the last of them opened a range.
    return bool(bisect_right(edges, ord(char)) & 1)


def _shifted(flat: Sequence[int]) -> dict[int, int]:
    if len(flat) % 4:
        raise ValueError("shifts must have four numbers each")
    mapping: dict[int, int] = {}
    total = 0
    for start, count, step, delta in zip(flat[::4], flat[1::4], flat[2::4], flat[3::4], strict=True):
        last = start + (count - 1) * step
        # The bounds of both ends hold for what lies between.
        if start < 0 or count < 1 or step < 1 or last >= read.SPACE:
            raise ValueError("a shift must have characters of Unicode, a count and a step")
        if start + delta < 0 or last + delta >= read.SPACE:
            raise ValueError("a shift must map to characters of Unicode")
        total += count
        if total > MOST_MAPPED:
            raise ValueError(f"shifts must have at most {MOST_MAPPED} characters")
        mapping.update((point, point + delta) for point in range(start, last + 1, step))
    if any(0xD800 <= target < 0xE000 for target in mapping.values()):
        raise ValueError("a shift must not map to surrogates")
    return mapping


def _texts(raw: object) -> dict[int, str]:
    if not isinstance(raw, dict) or len(raw) > MOST_MAPPED:
        raise ValueError(f"texts must be an object with at most {MOST_MAPPED} keys")
    for char, text in raw.items():
        if len(char) != 1 or not isinstance(text, str) or len(text) > 32:
            raise ValueError("texts must map single characters to strings of at most 32 characters")
    return {ord(char): text for char, text in raw.items()}


def _jamo(index: int) -> str:
    """A Hangul syllable in its letters (The Unicode Standard, §3.12)."""
    lead, rest = divmod(index, _VOWELS * _TAILS)
    vowel, tail = divmod(rest, _TAILS)
    return chr(_LEAD + lead) + chr(_VOWEL + vowel) + (chr(_TAIL + tail) if tail else "")
