"""A part of a string, each of whose characters has a span of the original string."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

MOST_CHARACTERS = 1 << 22
"""The maximum number of characters of a string, before and after each edit."""


class TooLongError(Exception):
    """A string, or one that an edit makes of it, takes more work than the format allows."""


class TokenPiece(NamedTuple):
    """A part of a string under way to tokens.

    Attributes:
        text: its characters after the edits so far.
        starts: for each character, the beginning of its span in the original string.
        ends: the ends of these spans.
        token: for an added token, its id; else None, and the model finds the tokens.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    token: int | None = None

    @classmethod
    def whole(cls, text: str) -> TokenPiece:
        """A string without edits."""
        return cls(text, range(len(text)), range(1, len(text) + 1))

    def part(self, start: int, end: int, token: int | None = None) -> TokenPiece:
        """Some of its characters."""
        return TokenPiece(self.text[start:end], self.starts[start:end], self.ends[start:end], token)

    def edited(self, text: str, parents: Sequence[int]) -> TokenPiece:
        """Other characters, each with the span of the character with the index `parents[i]`."""
        if len(text) > MOST_CHARACTERS:
            raise TooLongError
        starts, ends = self.starts, self.ends
        return TokenPiece(text, [starts[i] for i in parents], [ends[i] for i in parents])
