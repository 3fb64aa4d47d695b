"""Where tokens are in a string, and which of them continue a word (spec/TOKENIZER.md §6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sealift.stages.tokenizer.models.vocabulary import Vocabulary

NUMBERS = 3
"""The beginning, the end, and whether the token continues a word."""

RULES = ("length", "space")


class TokenPlaces:
    """The places of the tokens of a string."""

    def __init__(
        self, rule: object, vocabulary: Vocabulary, added: Iterable[Sequence[Any]], unknown: int | None
    ) -> None:
        """Take the rule for tokens that continue a word.

        Args:
            rule: "length" where such a token is longer than its span, "space" where no space is before it.
            vocabulary: the tokens of the model.
            added: the other tokens, as in the stage; they begin with the text and the id.
            unknown: the unknown token of the model, which always begins a word.

        Raises:
            ValueError: for another rule.
        """
        if rule not in RULES:
            raise ValueError('spans must be "length" or "space"')
        self._by_length = rule == RULES[0]
        self._unknown = unknown
        texts = {number: text for text, number in vocabulary.items()} | {entry[1]: entry[0] for entry in added}
        self._lengths = {number: len(text) for number, text in texts.items()} if self._by_length else {}

    def of(
        self, text: str, ids: Sequence[int], spans: Sequence[tuple[int, int]], special: Sequence[bool]
    ) -> list[tuple[int, int, int]]:
        """For each token its span, and 0 where it begins a word, 1 where it continues one; (0, 0, −1) for none."""
        return [
            (0, 0, -1) if is_special else (start, end, int(self._continues(text, number, start, end)))
            for number, (start, end), is_special in zip(ids, spans, special, strict=True)
        ]

    def _continues(self, text: str, number: int, start: int, end: int) -> bool:
        if number == self._unknown:
            return False
        if self._by_length:
            return self._lengths[number] != end - start
        return start > 0 and " " not in text[start - 1 : start + 1]
