"""Spans of a text from the classes of its tokens (spec/CONTRACT.md §1a).

The strategies are those of the token classification pipeline of Hugging Face `transformers`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

PLACES = 3
"""Numbers of a token before its probabilities: the beginning and end of its span, and whether it continues a word."""

STRATEGIES = ("none", "simple", "first", "max", "average")
"""The strategies by which tokens become spans."""


class _Word(NamedTuple):
    """A token, or the tokens of a word.

    Attributes:
        start, end: its span in characters.
        label: the index of its class.
        score: the probability of this class.
    """

    start: int
    end: int
    label: int
    score: float


def spans_of(
    tokens: Sequence[Sequence[float]], names: Sequence[str], strategy: str, ignored: Collection[str]
) -> list[dict[str, Any]]:
    """The spans of one text.

    Args:
        tokens: for each token its span, 0 where it begins a word, 1 where it continues one, −1 for no token; and the
            probability of each class.
        names: the names of the classes.
        strategy: one of `STRATEGIES`.
        ignored: the labels of spans that are left out.
    """
    real = [token for token in tokens if token[2] is not None and token[2] >= 0]
    words = [_word([token], strategy) for token in real] if strategy in STRATEGIES[:2] else _words(real, strategy)
    if strategy == STRATEGIES[0]:
        spans = [_span(word, word, names[word.label], word.score) for word in words]
    else:
        spans = [
            _span(group[0], group[-1], _short(names[group[0].label]), _mean([word.score for word in group]))
            for group in _groups(words, names)
        ]
    return [span for span in spans if span["label"] not in ignored]


def _words(tokens: Sequence[Sequence[float]], strategy: str) -> list[_Word]:
    groups: list[list[Sequence[float]]] = []
    for token in tokens:
        if groups and token[2] == 1:
            groups[-1].append(token)
        else:
            groups.append([token])
    return [_word(group, strategy) for group in groups]


def _word(tokens: Sequence[Sequence[float]], strategy: str) -> _Word:
    shares: Sequence[float] = tokens[0][PLACES:]
    if strategy == "max":
        shares = max(tokens, key=lambda token: max(token[PLACES:]))[PLACES:]  # of equal ones the first
    elif strategy == "average" and len(tokens) > 1:
        shares = [_mean(column) for column in zip(*(token[PLACES:] for token in tokens), strict=True)]
    score = max(shares)
    return _Word(int(tokens[0][0]), int(tokens[-1][1]), shares.index(score), score)


def _groups(words: Sequence[_Word], names: Sequence[str]) -> Iterator[list[_Word]]:
    """Neighbouring words of the same class, which the prefix B- separates."""
    group: list[_Word] = []
    for word in words:
        begins, kind = _parts(names[word.label])
        if group and (begins or kind != _parts(names[group[-1].label])[1]):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _parts(name: str) -> tuple[bool, str]:
    """Whether a name has the prefix B-, and the name without the prefix B- or I-."""
    return name.startswith("B-"), name[2:] if name.startswith(("B-", "I-")) else name


def _short(name: str) -> str:
    """The name behind the first hyphen, if it has one."""
    return name.split("-", 1)[-1]


def _mean(values: Sequence[float]) -> float:
    """The sum from left to right, divided by the number."""
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


def _span(first: _Word, last: _Word, label: str, score: float) -> dict[str, Any]:
    return {"start": first.start, "end": last.end, "label": label, "score": score}
