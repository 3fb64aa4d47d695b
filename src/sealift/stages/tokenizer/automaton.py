"""The spans that an automaton matches, with one step for each character (spec/TEXT.md §4)."""

from __future__ import annotations

from sealift.stages.text.scan import MOST_STEPS, Transitions
from sealift.stages.tokenizer.piece import TooLongError


class Automaton(Transitions):
    """Finds the spans of all non-overlapping matches of a pattern, from the left."""

    def __call__(self, text: str) -> list[tuple[int, int]]:
        """The beginning and the end of each match. Raises TooLongError for a text that takes too many steps."""
        spans, steps = self.spans(text)
        if steps > MOST_STEPS:
            raise TooLongError
        return spans
