"""Added tokens, which are found in a text before the model sees it (spec/TOKENIZER.md §2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from sealift.stages import read
from sealift.stages.tokenizer.char_set import CharSet
from sealift.stages.tokenizer.piece import TokenPiece

MOST_ADDED, LONGEST_ADDED = 1 << 14, 1 << 10


class _Added(NamedTuple):
    id: int
    is_word: bool
    takes_left: bool
    takes_right: bool


class AddedTokens:
    """Finds the longest added token at each position, from the left."""

    def __init__(self, raw: object, word: CharSet, space: CharSet, ids: int) -> None:
        """Read the tokens.

        Args:
            raw: lists of the text, the id and three flags: only as a whole word, with white space on the left, on the
                right.
            word: the characters of words.
            space: white space.
            ids: ids must be smaller than this number.

        Raises:
            ValueError: for malformed tokens.
        """
        self._word, self._space = word, space
        self._tokens: dict[str, _Added] = {}
        for entry in read.items(raw, list, MOST_ADDED):
            if len(entry) != 5:
                raise ValueError("an added token must have a text, an id and three flags")
            text, number, *flags = entry
            if not read.text(text, LONGEST_ADDED) or text in self._tokens:
                raise ValueError("added tokens must be different strings that are not empty")
            marks = [read.flag(mark, "a flag of an added token") for mark in flags]
            self._tokens[text] = _Added(read.integer(number, 0, ids - 1), *marks)
        # All lengths for each first character, the longest first.
        self._sizes: dict[str, list[int]] = {}
        for text in self._tokens:
            self._sizes.setdefault(text[0], []).append(len(text))
        self._sizes = {char: sorted(set(sizes), reverse=True) for char, sizes in self._sizes.items()}
        firsts = "".join(f"\\U{ord(char):08x}" for char in self._sizes)
        self._find: Callable[[str, int], re.Match[str] | None] | None = (
            re.compile(f"[{firsts}]").search if firsts else None
        )

    def __call__(self, piece: TokenPiece) -> list[TokenPiece]:
        """The piece divided at added tokens."""
        if self._find is None:
            return [piece] if piece.text else []
        text, done = piece.text, 0
        parts: list[TokenPiece] = []
        at = 0
        while match := self._find(text, at):
            start = match.start()
            end = next(
                (start + size for size in self._sizes[text[start]] if text[start : start + size] in self._tokens), 0
            )
            if not end:
                at = start + 1
                continue
            at = end
            token = self._tokens[text[start:end]]
            if token.is_word and not self._is_word(text, start, end):
                continue
            while token.takes_left and start > done and self._space[text[start - 1]]:
                start -= 1
            while token.takes_right and end < len(text) and self._space[text[end]]:
                end += 1
            if done < start:
                parts.append(piece.part(done, start))
            parts.append(piece.part(start, end, token.id))
            done = end
        if done < len(text):
            parts.append(piece.part(done, len(text)))
        return parts

    def _is_word(self, text: str, start: int, end: int) -> bool:
        before = start > 0 and self._word[text[start - 1]]
        return not before and not (end < len(text) and self._word[text[end]])
