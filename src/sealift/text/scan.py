"""Words by an automaton: each character one step, whatever the pattern was (spec/TEXT.md §4)."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import Any

from sealift.errors import SealError
from sealift.text import read

MOST_STATES, MOST_CLASSES = 1024, 64
MOST_STEPS = 1 << 24
"""Steps for one text; only a pattern that looks far ahead in vain comes near it."""


class _Classes(dict[str, int]):
    """Character → the number of its class, found once and then remembered."""

    def __init__(self, raw: object) -> None:
        super().__init__()
        edges: list[tuple[int, int]] = [(0, 0)]
        self.count = 1
        taken: list[tuple[int, int]] = []
        for number, part in enumerate(read.items(raw, list, MOST_CLASSES - 1), start=1):
            for start, end in read.ranges(part):
                taken.append((start, end))
                edges += [(start, number), (end, 0)]
            self.count = number + 1
        taken.sort()
        if any(a[1] > b[0] for a, b in pairwise(taken)):
            raise ValueError("a character is in two classes")
        # Where one class ends and the next begins, the beginning counts.
        edges.sort(key=lambda edge: (edge[0], edge[1]))
        self._starts = [point for point, _ in edges]
        self._numbers = [number for _, number in edges]

    def __missing__(self, char: str) -> int:
        number = self._numbers[bisect_right(self._starts, ord(char)) - 1]
        if len(self) < 1 << 16:
            self[char] = number
        return number


class Scanner:
    """All matches of a pattern, leftmost first, none overlapping."""

    def __init__(self, raw: object) -> None:
        """Read the automaton. Raises ValueError."""
        spec = read.keys(raw, {"classes", "starts", "next"}, {"cut"})
        self._classes = _Classes(spec["classes"])
        self._end = self._classes.count
        width = self._end + 1
        rows = read.items(spec["next"], list, MOST_STATES, least=1)
        self._next: list[list[int]] = [read.items(row, int, width, least=width) for row in rows]
        most = 2 * len(rows) + 1
        if any(not 0 <= entry <= most for row in self._next for entry in row):
            raise ValueError("a state leads to one that is not there")
        if any(row[-1] > 1 for row in self._next):
            raise ValueError("a state goes on behind the end of the text")
        self._starts = read.items(spec["starts"], int, width, least=width)
        if any(not 0 <= state < len(rows) for state in self._starts):
            raise ValueError("the automaton starts in a state that is not there")
        self._head, self._tail = (read.integer(n, 0, 64) for n in _pair(spec.get("cut", [0, 0])))

    def __call__(self, text: str) -> list[str]:
        """The matches in order. Raises SealError E207 for a text that would take too long."""
        lookup = self._classes
        codes = [lookup[char] for char in text]
        codes.append(self._end)
        return self._find(text, codes)

    def _find(self, text: str, codes: list[int]) -> list[str]:
        table, starts, head, tail = self._next, self._starts, self._head, self._tail
        found: list[str] = []
        count = len(text)
        begin, before, steps = 0, self._end, 0
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
                raise SealError(
                    "E207",
                    f"A text of {count} characters takes too long to split into words.",
                    fix="Leave the text out, or give it in smaller parts.",
                )
            if end > begin:
                found.append(text[begin + head : end - tail])
                begin = end
            else:
                begin += 1
            before = codes[begin - 1]
        return found


def _pair(raw: Any) -> list[int]:
    return read.items(raw, int, 2, least=2)
