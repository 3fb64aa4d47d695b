"""One stage: a text to the columns that it fills and how often (spec/TEXT.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from sealift.text import read
from sealift.text.chars import CharMap, Lower
from sealift.text.grams import blanks, inside_words, of_chars, of_words
from sealift.text.murmur import column_of
from sealift.text.scan import Scanner

MOST_COLUMNS = 1 << 20
LONGEST_GRAM = 64
_LONGEST_PREFIX = 1 << 10
_MOST_STOP_WORDS = 1 << 16
_REMEMBERED = 1 << 16

_COMMON = {"analyzer", "ngrams"}
_MOST_ROWS = 1 << 22
_OPTIONAL = {"rows", "lower", "accents", "pattern", "stop_words", "space", "prefix", "vocabulary", "hash"}


class TextStage:
    """The stage that a JSON object describes.

    Attributes:
        columns: how many columns there are.
        rows: how many rows the graph should be given at once at most; None for any number.
    """

    def __init__(self, raw: object) -> None:
        """Read a stage. Raises ValueError when it is malformed."""
        spec = read.keys(raw, _COMMON, _OPTIONAL)
        self.rows = read.integer(spec["rows"], 1, _MOST_ROWS) if "rows" in spec else None
        changes: list[Callable[[str], str]] = []
        if "lower" in spec:
            changes.append(Lower(spec["lower"]))
        if "accents" in spec:
            changes.append(CharMap(spec["accents"]))
        self._changes = changes
        least, most = (read.integer(n, 1, LONGEST_GRAM) for n in read.items(spec["ngrams"], int, 2, least=2))
        if least > most:
            raise ValueError("the shortest n-gram is longer than the longest")
        self._split = _splitter(spec, least, most)
        if ("vocabulary" in spec) == ("hash" in spec):
            raise ValueError("a stage has a vocabulary or hashes, one of the two")
        if "hash" in spec:
            hashed = read.keys(spec["hash"], {"columns", "signs"})
            self.columns = read.integer(hashed["columns"], 1, MOST_COLUMNS)
            if type(hashed["signs"]) is not bool:
                raise ValueError("signs is true or false")
            self._signs: bool | None = hashed["signs"]
            self._hash = lru_cache(_REMEMBERED)(partial(column_of, columns=self.columns))
        else:
            terms = read.items(spec["vocabulary"], str, MOST_COLUMNS, least=1)
            self.columns, self._signs = len(terms), None
            self._vocabulary = {term: i for i, term in enumerate(terms)}
            if len(self._vocabulary) != len(terms):
                raise ValueError("a term stands twice in the vocabulary")

    def terms(self, text: str) -> list[str]:
        """The terms of a text, in no particular order, as often as they occur."""
        for change in self._changes:
            text = change(text)
        return self._split(text)

    def count(self, text: str) -> dict[int, int]:
        """Column → how often, for every column that a term of the text falls on; with signs the sum of the signs."""
        if self._signs is None:
            known = self._vocabulary.get
            found = Counter(map(known, self.terms(text)))
            found.pop(None, None)
            return found  # type: ignore[return-value]  # None is gone
        sums: dict[int, int] = {}
        for term in self.terms(text):
            column, sign = self._hash(term)
            sums[column] = sums.get(column, 0) + (sign if self._signs else 1)
        return sums


def _splitter(spec: dict[str, Any], least: int, most: int) -> Callable[[str], list[str]]:
    analyzer = spec["analyzer"]
    if analyzer == "whole":
        if not spec.keys().isdisjoint({"pattern", "space", "stop_words"}) or most > 1:
            raise ValueError("a stage of whole texts has neither pattern, white space, stop words nor n-grams")
        prefix = read.text(spec.get("prefix", ""), _LONGEST_PREFIX)
        return lambda text: [prefix + text]
    if "prefix" in spec:
        raise ValueError("only a stage of whole texts has a prefix")
    if analyzer == "word":
        if "pattern" not in spec or "space" in spec:
            raise ValueError("a stage of words has a pattern, and no white space")
        scan = Scanner(spec["pattern"])
        stop = frozenset(read.items(spec.get("stop_words", []), str, _MOST_STOP_WORDS))
        if not stop and most == 1:
            return scan
        return lambda text: of_words([word for word in scan(text) if word not in stop], least, most)
    if analyzer not in ("char", "char_wb"):
        raise ValueError("the analyzer is word, char, char_wb or whole")
    if "space" not in spec or "pattern" in spec or "stop_words" in spec:
        raise ValueError("a stage of characters has white space, and neither pattern nor stop words")
    joined, parts = blanks(read.ranges(spec["space"]))
    if analyzer == "char":
        return lambda text: of_chars(joined(text), least, most)
    return lambda text: inside_words(parts(text), least, most)
