"""Where a set of characters, a string or an automaton matches in a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sealift.stages import read
from sealift.stages.tokenizer.automaton import Automaton
from sealift.stages.tokenizer.char_set import CharSet

Match: TypeAlias = tuple[int, int, bool]
Matcher: TypeAlias = Callable[[str], list[Match]]
"""The parts of a text in order, each with its beginning, its end and whether it is a match."""

_LONGEST = 1 << 10


def matcher(raw: object) -> Matcher:
    """A set, a string or an automaton. Raises ValueError."""
    spec = read.keys(raw, set(), {"set", "text", "pattern"})
    if len(spec) != 1:
        raise ValueError("a pattern must have one of the keys pattern, set and text")
    if "set" in spec:
        return _of_set(CharSet(spec["set"]))
    if "text" in spec:
        wanted = read.text(spec["text"], _LONGEST)
        if not wanted:
            raise ValueError("a pattern must not be empty")
        return _of_text(wanted)
    spans = Automaton(spec["pattern"])
    return lambda text: _covered(len(text), spans(text))


def _of_set(members: CharSet) -> Matcher:
    def find(text: str) -> list[Match]:
        return _covered(len(text), [(i, i + 1) for i, char in enumerate(text) if members[char]])

    return find


def _of_text(wanted: str) -> Matcher:
    size = len(wanted)

    def find(text: str) -> list[Match]:
        spans: list[tuple[int, int]] = []
        at = text.find(wanted)
        while at >= 0:
            spans.append((at, at + size))
            at = text.find(wanted, at + size)
        return _covered(len(text), spans)

    return find


def _covered(count: int, spans: list[tuple[int, int]]) -> list[Match]:
    """The matches, and the parts between them."""
    matches: list[Match] = []
    at = 0
    for start, end in spans:
        if start > at:
            matches.append((at, start, False))
        matches.append((start, end, True))
        at = end
    if at < count:
        matches.append((at, count, False))
    return matches
