"""The models: each finds the tokens of a piece."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sealift.stages.tokenizer.models.bpe import Bpe
from sealift.stages.tokenizer.models.unigram import Unigram
from sealift.stages.tokenizer.models.vocabulary import TokenSpan, Vocabulary
from sealift.stages.tokenizer.models.word_level import WordLevel
from sealift.stages.tokenizer.models.wordpiece import WordPiece

__all__ = ["Model", "TokenSpan", "Vocabulary", "model_of"]


class Model(Protocol):
    """Finds the tokens of a piece."""

    def __call__(self, word: str) -> list[TokenSpan]:
        """The tokens of a piece that is not empty: the id, and the indices of its first character and behind its last.

        Raises:
            TooLongError: for a piece that takes more work than the format allows.
        """


def model_of(raw: object, vocabulary: Vocabulary) -> Model:
    """Read a model. Raises ValueError."""
    if not isinstance(raw, dict) or len(raw) != 1:
        raise ValueError("a model must have one of the keys bpe, unigram, wordlevel and wordpiece")
    makers: dict[str, Callable[[Any, Vocabulary], Model]] = {
        "bpe": Bpe,
        "unigram": Unigram,
        "wordlevel": WordLevel,
        "wordpiece": WordPiece,
    }
    (name,) = raw
    if name not in makers:
        raise ValueError("a model must have one of the keys bpe, unigram, wordlevel and wordpiece")
    return makers[name](raw[name], vocabulary)
