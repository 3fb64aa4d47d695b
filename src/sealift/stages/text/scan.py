"""Tokenize strings by an automaton, with one step for each character (spec/TEXT.md §4)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias

from sealift.errors import SealError
from sealift.stages import read

Ranges: TypeAlias = Sequence[tuple[int, int]]

MOST_STATES, MOST_CLASSES = 1024, 64
MOST_STEPS = 1 << 24
"""The maximum number of steps for one string; only patterns with long failed matches come near it."""

PER_AUTOMATON = 1 << 14
"""The entries that an automaton counts for, in addition to its numbers."""

_SHORT, _REMEMBERED = 64, 1 << 16


class _Classes(dict[str, int]):
    """Character → the number of its class, computed once."""

    def __init__(self, classes: Sequence[Ranges]) -> None:
        super().__init__()
        edges: list[tuple[int, int]] = [(0, 0)]
        for number, ranges in enumerate(classes, start=1):
            edges += [edge for start, end in ranges for edge in ((start, number), (end, 0))]
        taken = sorted(pair for ranges in classes for pair in ranges)
        if any(a[1] > b[0] for a, b in pairwise(taken)):
            raise ValueError("a character must not be in two classes")
        # Where one class ends and the next begins, the beginning comes last.
        edges.sort(key=lambda edge: (edge[0], edge[1]))
        self._starts = [point for point, _ in edges]
        self._numbers = [number for _, number in edges]

    def __missing__(self, char: str) -> int:
        number = self._numbers[bisect_right(self._starts, ord(char)) - 1]
        if len(self) < 1 << 16:
            self[char] = number
        return number


class Transitions:
    """The classes and states of an automaton."""

    def __init__(self, raw: object) -> None:
        """Read the automaton. Raises ValueError."""
        spec = read.keys(raw, {"classes", "starts", "next"}, {"cut"})
        self._ranges = [read.ranges(part) for part in read.items(spec["classes"], list, MOST_CLASSES - 1)]
        self._classes = _Classes(self._ranges)
        self._end = len(self._ranges) + 1
        width = self._end + 1
        rows = read.items(spec["next"], list, MOST_STATES, least=1)
        self._next: list[list[int]] = [read.items(row, int, width, least=width) for row in rows]
        most = 2 * len(rows) + 1
        if any(not 0 <= entry <= most for row in self._next for entry in row):
            raise ValueError("a transition must lead to a known state")
        if any(row[-1] > 1 for row in self._next):
            raise ValueError("a transition must not continue after the end of the string")
        self._starts = read.items(spec["starts"], int, width, least=width)
        if any(not 0 <= state < len(rows) for state in self._starts):
            raise ValueError("starts must be known states")
        self._head, self._tail = (read.integer(n, 0, 64) for n in _pair(spec.get("cut", [0, 0])))

    @property
    def entries(self) -> int:
        """The size of the automaton; a reader may use a table of all of Unicode for its classes."""
        return (len(self._next) + 1) * (self._end + 1) + PER_AUTOMATON

    def spans(self, text: str, steps: int = 0) -> tuple[list[tuple[int, int]], int]:
        """The spans of all non-overlapping matches, from the left, and the number of steps including `steps`.

        It ends when there are more than `MOST_STEPS`; the spans are then not complete.
        """
        lookup = self._classes
        codes = [lookup[char] for char in text]
        codes.append(self._end)
        table, starts = self._next, self._starts
        spans: list[tuple[int, int]] = []
        count = len(text)
        begin, before = 0, self._end
        while begin < count:
            at, end = begin, 0
            entry = table[starts[before]][codes[at]]
            while entry > 1:
                if entry & 1:
                    end = at
                at += 1
                entry = table[(entry >> 1) - 1][codes[at]]
            if entry:
                end = at
            steps += at - begin
            if steps > MOST_STEPS:
                break
            if end > begin:
                spans.append((begin, end))
                begin = end
            else:
                begin += 1
            before = codes[begin - 1]
        return spans, steps


class Scanner(Transitions):
    """Finds all non-overlapping matches of a pattern, from the left."""

    def __init__(self, raw: object) -> None:
        """Read the automaton. Raises ValueError."""
        super().__init__(raw)
        self._apart = self._parting()
        self._short = lru_cache(_REMEMBERED)(lambda part: self._find(part, 0)[0])

    def __call__(self, text: str) -> list[str]:
        """The matches in order. Raises SealError E207 for a string that takes too long."""
        if self._apart is None:
            return self._find(text, 0)[0]
        tokens: list[str] = []
        steps = 0
        for part in self._apart(text):
            if len(part) <= _SHORT:
                tokens += self._short(part)
            else:
                words, steps = self._find(part, steps)
                tokens += words
        return tokens

    def _parting(self) -> Callable[[str], list[str]] | None:
        """A function that splits a string at characters that no match contains; None if there are none.

        The matches of the parts are cached, since most texts repeat their words.
        """
        for number in range(self._end):
            same = self._starts[number] == self._starts[self._end]
            if same and all(row[number] == row[self._end] for row in self._next):
                return separated(self._ranges, number)
        return None

    def _find(self, text: str, steps: int) -> tuple[list[str], int]:
        """The matches, and the number of steps including `steps`."""
        spans, steps = self.spans(text, steps)
        if steps > MOST_STEPS:
            raise SealError(
                "E207",
                f"A string of {len(text)} characters takes too long to split into words.",
                fix="Leave the text out, or give it in smaller parts.",
            )
        head, tail = self._head, self._tail
        return [text[begin + head : end - tail] for begin, end in spans], steps


def separated(classes: Sequence[Ranges], number: int) -> Callable[[str], list[str]]:
    """A function that gives the longest parts of a string without characters of class `number`; 0 is the rest."""
    negated = "^" if number else ""
    ranges = classes[number - 1] if number else sorted(pair for other in classes for pair in other)
    plain = [(start, min(end, 0x80)) for start, end in ranges if start < 0x80]
    # Hundreds of ranges take time, even where none of them matches.
    full, ascii_only = (_parts(f"{negated}{spelled(some)}" if some else negated) for some in (ranges, plain))
    return lambda text: ascii_only(text) if text.isascii() else full(text)


def _parts(inside: str) -> Callable[[str], list[str]]:
    if inside in ("", "^"):
        return lambda text: [text] if inside and text else []
    return re.compile(f"[{inside}]+").findall


def spelled(ranges: Ranges) -> str:
    """Characters for a set of `re`, each range spelled out, so that the host's character classes are not used."""
    return "".join(f"\\U{start:08x}-\\U{end - 1:08x}" for start, end in ranges)


def _pair(raw: Any) -> list[int]:
    return read.items(raw, int, 2, least=2)
