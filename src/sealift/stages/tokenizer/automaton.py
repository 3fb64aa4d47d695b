"""The spans that an automaton matches, with one step for each character (spec/TEXT.md §4)."""

from __future__ import annotations

from sealift.stages.text.scan import MOST_STEPS, Transitions
from sealift.stages.tokenizer.piece import TooLongError


class Automaton(Transitions):
    """Finds the spans of all non-overlapping matches of a pattern, from the left."""

    def __call__(self, text: str) -> list[tuple[int, int]]:
        """The beginning and the end of each match. Raises TooLongError for a text that takes too many steps."""
        lookup = self._classes
        codes = [lookup[char] for char in text]
        codes.append(self._end)
        table, starts = self._next, self._starts
        spans: list[tuple[int, int]] = []
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
                raise TooLongError
            if end > begin:
                spans.append((begin, end))
                begin = end
            else:
                begin += 1
            before = codes[begin - 1]
        return spans
