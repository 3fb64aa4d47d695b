"""WordLevel: each piece is one token (spec/TOKENIZER.md §5)."""

from __future__ import annotations

from sealift.stages import read
from sealift.stages.tokenizer.models.vocabulary import TokenSpan, Vocabulary


class WordLevel:
    """Finds the token that is equal to the piece."""

    def __init__(self, raw: object, vocabulary: Vocabulary) -> None:
        """Read the id of unknown pieces. Raises ValueError."""
        self._unknown = vocabulary.known(read.keys(raw, {"unknown"})["unknown"])
        self._vocabulary = vocabulary

    def __call__(self, word: str) -> list[TokenSpan]:
        """One token."""
        return [(self._vocabulary.get(word, self._unknown), 0, len(word))]
