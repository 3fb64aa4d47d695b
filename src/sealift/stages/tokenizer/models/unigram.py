"""Unigram: the tokens with the largest sum of scores (spec/TOKENIZER.md §5)."""

from __future__ import annotations

import math
from functools import lru_cache

from sealift.stages import read
from sealift.stages.tokenizer.models.vocabulary import MOST_TOKENS, TokenSpan, Vocabulary, byte_ids
from sealift.stages.tokenizer.piece import TooLongError

_PENALTY = 10.0
_MOST_WORK = 1 << 26
"""For one piece: its characters times the characters of the longest token."""


class Unigram:
    """Finds the best path by dynamic programming; among equal sums, the one found first."""

    def __init__(self, raw: object, vocabulary: Vocabulary) -> None:
        """Read the scores of the tokens and the parameters. Raises ValueError."""
        spec = read.keys(raw, {"scores", "unknown"}, {"bytes"})
        scores = _numbers(spec["scores"])
        if len(scores) != len(vocabulary.texts):
            raise ValueError("there must be a score for each token")
        self._unknown = vocabulary.known(spec["unknown"])
        self._scores = {
            token: (number, score) for (token, number), score in zip(vocabulary.items(), scores, strict=True)
        }
        self._penalty = min(scores) - _PENALTY
        self._bytes = byte_ids(spec["bytes"], vocabulary) if "bytes" in spec else None
        self._sizes: dict[str, list[int]] = {}
        for token in vocabulary:
            self._sizes.setdefault(token[:2], []).append(len(token))
        self._sizes = {start: sorted(set(sizes)) for start, sizes in self._sizes.items()}
        self._most = vocabulary.longest
        self._vocabulary = vocabulary
        self._cached = lru_cache(1 << 16)(self._divided)

    def __call__(self, word: str) -> list[TokenSpan]:
        """The tokens of a piece."""
        return self._cached(word) if len(word) <= 64 else self._divided(word)

    def _divided(self, word: str) -> list[TokenSpan]:
        if len(word) * self._most > _MOST_WORK:
            raise TooLongError
        begins, unknown = self._best(word)
        spans: list[tuple[int, int]] = []
        end, fused = len(word), False
        while end > 0:
            start = begins[end]
            if unknown[end] and fused:
                spans[-1] = (start, spans[-1][1])  # neighbouring unknown characters are one token
            else:
                spans.append((start, end))
            end, fused = start, unknown[end]
        tokens: list[TokenSpan] = []
        for start, end in reversed(spans):
            tokens += self._tokens(word[start:end], start, end)
        return tokens

    def _best(self, word: str) -> tuple[list[int], list[bool]]:
        """For each end: the beginning of the last token of the best path, and whether that is unknown."""
        count = len(word)
        begins, sums = [-1] * (count + 1), [0.0] * (count + 1)
        unknown = [False] * (count + 1)
        scores, lengths = self._scores, self._sizes
        for start in range(count):
            here = sums[start]
            single = False
            # The first two characters narrow the lengths down; a token of one character has the key of one character.
            for size in (*lengths.get(word[start], ()), *lengths.get(word[start : start + 2], ())):
                entry = scores.get(word[start : start + size])
                if entry is None or start + size > count:
                    continue
                if size == 1:
                    if single:
                        continue
                    single = True
                end = start + size
                total = entry[1] + here
                if begins[end] < 0 or total > sums[end]:
                    begins[end], sums[end], unknown[end] = start, total, entry[0] == self._unknown
            if not single:
                total = self._penalty + here
                if begins[start + 1] < 0 or total > sums[start + 1]:
                    begins[start + 1], sums[start + 1], unknown[start + 1] = start, total, True
        return begins, unknown

    def _tokens(self, text: str, start: int, end: int) -> list[TokenSpan]:
        token = self._vocabulary.get(text)
        if token is not None:
            return [(token, start, end)]
        if self._bytes is not None:
            coded = [self._bytes[byte] for byte in text.encode()]
            if None not in coded:
                return [(number, start, end) for number in coded if number is not None]
        return [(self._unknown, start, end)]


def _numbers(raw: object) -> list[float]:
    """A list of finite numbers. Raises ValueError."""
    if not isinstance(raw, list) or len(raw) > MOST_TOKENS:
        raise ValueError(f"scores must have at most {MOST_TOKENS} entries")
    if any(type(item) not in (int, float) or not math.isfinite(item) for item in raw):
        raise ValueError("scores must be finite numbers")
    return [float(item) for item in raw]
