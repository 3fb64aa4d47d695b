"""One text stage: convert a string to column counts (spec/TEXT.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from sealift.contract import Stage
from sealift.errors import SealError
from sealift.stages import read
from sealift.stages.text.chars import CharMap, Lower
from sealift.stages.text.edits import edits_of
from sealift.stages.text.grams import Blanks, inside_words, of_chars, of_words
from sealift.stages.text.murmur import column_of
from sealift.stages.text.scan import Scanner
from sealift.stages.text.shared_tables import Tables
from sealift.stages.text.value_reader import value_of

MOST_COLUMNS = 1 << 20
LONGEST_GRAM = 64
_LONGEST_PREFIX = 1 << 10
_MOST_STOP_WORDS = 1 << 16
_REMEMBERED, _LONGEST_REMEMBERED = 1 << 16, 256
MOST_WORK = 1 << 24
"""For one text: its characters, times the sum of the sizes of its n-grams."""

_COMMON = {"analyzer", "ngrams"}
_MOST_ROWS = 1 << 22
_OPTIONAL = {
    "rows",
    "edits",
    "lower",
    "accents",
    "pattern",
    "stop_words",
    "space",
    "prefix",
    "vocabulary",
    "hash",
    "format",
    "unreadable",
    "missing",
    "wide",
    "infinite",
}


class TextStage:
    """A text stage.

    Attributes:
        columns: the number of columns.
        rows: the maximum number of rows in a run of the graph; None for any number.
        sizes: the sum of the sizes of its n-grams.
    """

    def __init__(self, raw: object, tables: Tables | None = None) -> None:
        """Read a stage from a JSON object, sharing `tables` with others. Raises ValueError when malformed."""
        spec = read.keys(raw, _COMMON, _OPTIONAL)
        tables = tables or Tables()
        self.rows = read.integer(spec["rows"], 1, _MOST_ROWS) if "rows" in spec else None
        changes = edits_of(spec["edits"], tables) if "edits" in spec else []
        if "lower" in spec:
            changes.append(tables.get(Lower, spec["lower"]))
        if "accents" in spec:
            changes.append(tables.get(CharMap, spec["accents"]))
        self._changes = changes
        least, most = (read.integer(n, 1, LONGEST_GRAM) for n in read.items(spec["ngrams"], int, 2, least=2))
        if least > most:
            raise ValueError("the smallest size of n-grams is above the largest")
        self._value = value_of(spec)
        self._split = _whole if self._value is not None else _splitter(spec, least, most, tables)
        self._sizes = (least, most)
        self.sizes = sum(range(least, most + 1))
        self._harmless = MOST_WORK // self.sizes
        self._signs: bool | None = None
        if self._value is not None:
            self.columns = 1
            return
        if ("vocabulary" in spec) == ("hash" in spec):
            raise ValueError("a stage must have either vocabulary or hash")
        if "hash" in spec:
            hashed = read.keys(spec["hash"], {"columns", "signs"})
            self.columns = read.integer(hashed["columns"], 1, MOST_COLUMNS)
            self._signs = read.flag(hashed["signs"], "signs")
            self._hash = _remembering(partial(column_of, columns=self.columns))
        else:
            terms = read.items(spec["vocabulary"], str, MOST_COLUMNS, least=1)
            self.columns = len(terms)
            self._vocabulary = {term: i for i, term in enumerate(terms)}
            if len(self._vocabulary) != len(terms):
                raise ValueError("duplicate term in the vocabulary")

    def terms(self, text: str) -> list[str]:
        """The terms of a string, with repetitions, in no particular order."""
        for change in self._changes:
            if len(text) > MOST_WORK:
                raise _too_long(text)
            text = change(text)
        if len(text) > self._harmless and self.work(text) > MOST_WORK:
            raise _too_long(text)
        return self._split(text)

    def refused_as(self, text: str) -> str:
        """For a string that the stage refuses, what it must be, such as "a number"; otherwise empty."""
        if self._value is None or not self._value.refuses:
            return ""
        (changed,) = self.terms(text)
        return self._value.described(text) if self._value.is_refused(changed) else ""

    def work(self, text: str) -> int:
        """An upper bound of the characters of all terms of a string (spec/TEXT.md §5)."""
        least, most = self._sizes
        longest = min(most, max(len(text), least))
        return len(text) * sum(range(least, longest + 1))

    def count(self, text: str) -> dict[int, float]:
        """Column → count of its terms, for non-empty columns; with signs, the sum of the signs.

        A stage of numbers or times has its value in its only column, and no column where the string has no value.
        """
        if self._value is not None:
            (changed,) = self.terms(text)
            value = self._value(changed)
            return {} if value is None else {0: value}
        if self._signs is None:
            known = self._vocabulary.get
            counts = Counter(map(known, self.terms(text)))
            counts.pop(None, None)
            return counts  # type: ignore[return-value]  # None was removed
        sums: dict[int, float] = {}
        for term in self.terms(text):
            column, sign = self._hash(term)
            sums[column] = sums.get(column, 0) + (sign if self._signs else 1)
        return sums


def is_refusing(stage: Stage) -> bool:
    """Whether a text stage refuses strings that it cannot read; it may be malformed."""
    return "unreadable" in stage.spec or "infinite" in stage.spec


def _whole(text: str) -> list[str]:
    return [text]


def _remembering(hashed: Callable[[str], tuple[int, int]]) -> Callable[[str], tuple[int, int]]:
    """`hashed` with a cache for short terms; long terms seldom recur, and would fill the cache."""
    short = lru_cache(_REMEMBERED)(hashed)
    return lambda term: short(term) if len(term) <= _LONGEST_REMEMBERED else hashed(term)


def _too_long(text: str) -> SealError:
    return SealError(
        "E207",
        f"A string of {len(text)} characters has more terms than the format allows.",
        fix="Leave the text out, or give it in smaller parts.",
    )


def _splitter(spec: dict[str, Any], least: int, most: int, tables: Tables) -> Callable[[str], list[str]]:
    analyzer = spec["analyzer"]
    if analyzer == "whole":
        if not spec.keys().isdisjoint({"pattern", "space", "stop_words"}) or most > 1:
            raise ValueError("the analyzer whole must not have pattern, space, stop_words or n-grams")
        prefix = read.text(spec.get("prefix", ""), _LONGEST_PREFIX)
        return lambda text: [prefix + text]
    if "prefix" in spec:
        raise ValueError("only the analyzer whole may have prefix")
    if analyzer == "word":
        if "pattern" not in spec or "space" in spec:
            raise ValueError("the analyzer word must have pattern, and must not have space")
        scan = tables.get(Scanner, spec["pattern"])
        stop = frozenset(read.items(spec.get("stop_words", []), str, _MOST_STOP_WORDS))
        if not stop and most == 1:
            return scan
        return lambda text: of_words([word for word in scan(text) if word not in stop], least, most)
    if analyzer not in ("char", "char_wb"):
        raise ValueError("the analyzer must be word, char, char_wb, whole, number or time")
    if "space" not in spec or "pattern" in spec or "stop_words" in spec:
        raise ValueError(f"the analyzer {analyzer} must have space, and must not have pattern or stop_words")
    space = tables.get(Blanks, spec["space"])
    if analyzer == "char":
        return lambda text: of_chars(space.joined(text), least, most)
    return lambda text: inside_words(space.parts(text), least, most)
