"""The tokens of a model and their ids."""

from __future__ import annotations

from typing import TypeAlias

from sealift.stages import read

TokenSpan: TypeAlias = tuple[int, int, int]
"""A token's id, and the indices of its first character and behind its last in the piece."""

MOST_TOKENS, LONGEST_TOKEN = 1 << 20, 1 << 10
MOST_IDS = 1 << 24


class Vocabulary(dict[str, int]):
    """Token → id.

    Attributes:
        longest: the number of characters of the longest token.
        places: id → index of the token in the list; only ids of the list.
        texts: the tokens in order.
    """

    def __init__(self, raw: object) -> None:
        """Read the tokens, whose ids are their indices unless `ids` lists them. Raises ValueError."""
        spec = read.keys(raw, {"tokens"}, {"ids"})
        self.texts = read.items(spec["tokens"], str, MOST_TOKENS, least=1)
        ids = list(range(len(self.texts)))
        if "ids" in spec:
            ids = read.items(spec["ids"], int, MOST_TOKENS)
            if len(ids) != len(self.texts) or min(ids) < 0 or max(ids) >= MOST_IDS:
                raise ValueError("there must be an id below 2**24 for each token")
        super().__init__(zip(self.texts, ids, strict=True))
        self.longest = max(map(len, self.texts))
        if len(self) != len(self.texts) or "" in self or self.longest > LONGEST_TOKEN:
            raise ValueError(f"tokens must be different strings of 1 to {LONGEST_TOKEN} characters")
        self.places = {number: place for place, number in enumerate(ids)}

    def known(self, raw: object) -> int:
        """An id of the vocabulary. Raises ValueError."""
        number = read.integer(raw, 0, MOST_IDS)
        if number not in self.places:
            raise ValueError("an id must be that of a token")
        return number


def byte_ids(raw: object, vocabulary: Vocabulary) -> list[int | None]:
    """The token of each byte; −1 stands for none. Raises ValueError."""
    numbers = read.items(raw, int, 256, least=256)
    return [None if number == -1 else vocabulary.known(number) for number in numbers]
