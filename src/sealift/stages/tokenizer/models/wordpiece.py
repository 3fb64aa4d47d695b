"""WordPiece: the longest token first, from the left (spec/TOKENIZER.md §5)."""

from __future__ import annotations

from functools import lru_cache

from sealift.stages import read
from sealift.stages.tokenizer.models.vocabulary import LONGEST_TOKEN, TokenSpan, Vocabulary

_LONGEST_WORD = 1 << 16


class WordPiece:
    """Divides a piece into tokens; all of it is unknown if a part is."""

    def __init__(self, raw: object, vocabulary: Vocabulary) -> None:
        """Read the parameters. Raises ValueError."""
        spec = read.keys(raw, {"unknown", "prefix", "longest"})
        self._unknown = vocabulary.known(spec["unknown"])
        self._prefix = read.text(spec["prefix"], LONGEST_TOKEN)
        self._longest = read.integer(spec["longest"], 0, _LONGEST_WORD)
        self._vocabulary = vocabulary
        self._cached = lru_cache(1 << 16)(self._divided)

    def __call__(self, word: str) -> list[TokenSpan]:
        """The tokens of a piece."""
        return self._cached(word) if len(word) <= 64 else self._divided(word)

    def _divided(self, word: str) -> list[TokenSpan]:
        if len(word) > self._longest:
            return [(self._unknown, 0, len(word))]
        known = self._vocabulary.get
        tokens: list[TokenSpan] = []
        start, prefix, most = 0, "", self._vocabulary.longest
        while start < len(word):
            end = min(len(word), start + most)
            while end > start and (token := known(prefix + word[start:end])) is None:
                end -= 1
            if end == start or token is None:
                return [(self._unknown, 0, len(word))]
            tokens.append((token, start, end))
            start, prefix = end, self._prefix
        return tokens
