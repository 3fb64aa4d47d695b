"""A regular expression of the library `tokenizers` as an automaton (spec/TEXT.md §4).

The library uses Oniguruma. The structure of the pattern (alternatives, groups, repetition, lookaround) means the same
in Python's `re`; each part that stands for one character is replaced by a placeholder, whose set is the result of the
library on all characters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np

from sealift.errors import PackError
from sealift.graph.token_pattern import automaton_of
from sealift.packing.tokenizer import dumps
from sealift.packing.tokenizer.refusal import refused

_FIRST = 0xF0000  # placeholders are of a private use area, without a meaning in a pattern
_PLACEHOLDERS = re.compile(r"\\U([0-9a-f]{8})")
_ESCAPE = re.compile(
    r"\\(?:[pP]\{\^?\w+\}|x\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[dDhHsSwWntrfvae]|[^\w\s])"
)
_ANCHORS = {"\\A": "\\A", "\\z": "\\Z"}
_OPENINGS = ("(?:", "(?=", "(?!", "(?<=", "(?<!", "(?i:", "(")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+,?\d*\}|\{,\d+\})")
# Under (?i) the library also matches ligatures such as "ﬆ" for these.
_LIGATURES = {"ff", "fi", "fl", "st", "ss"}


@lru_cache(64)
def automaton_of_regex(pattern: str) -> dict[str, Any]:
    """The automaton of a pattern. Raises PackError E340 for a pattern that none has."""
    translated = _Translation(pattern)

    def members(source: str, flags: int) -> Any:
        del flags
        if source == r"[\s\S]":
            return np.ones(0x110000, dtype=np.bool_)
        is_member = np.zeros(0x110000, dtype=np.bool_)
        for number in _PLACEHOLDERS.findall(source):
            is_member |= _members(translated.sources[int(number, 16) - _FIRST])
        return ~is_member if source.startswith("[^") else is_member

    try:
        return automaton_of(translated.pattern, members)
    except PackError as error:
        reason = error.what.removeprefix("Its token_pattern ").partition(", which")[0]
    except re.error as error:
        reason = f"is not understood ({error})"
    raise refused(f"Its regular expression {pattern!r} {reason}.")


def _members(source: str) -> Any:
    """The characters that a part stands for."""
    if len(source) == 1 and source != ".":
        is_member = np.zeros(0x110000, dtype=np.bool_)
        is_member[ord(source)] = True
        return is_member
    if re.fullmatch(r"\(\?i:[a-zA-Z]\)", source):
        return dumps.members_among(source, dumps.letters_of_any_case())
    return dumps.members(source)


class _Translation:
    """A pattern of `re` with placeholders.

    Attributes:
        sources: the part of the original pattern for each placeholder.
    """

    def __init__(self, pattern: str) -> None:
        self._text, self._at = pattern, 0
        self.sources: list[str] = []
        self._numbers: dict[str, int] = {}
        self.pattern = self._alternatives(ignores_case=False)
        if self._at < len(pattern):
            raise self._unknown()

    def _alternatives(self, *, ignores_case: bool) -> str:
        """A pattern up to a closing parenthesis or the end."""
        made, previous = "", ""
        while self._at < len(self._text) and self._text[self._at] != ")":
            char = self._text[self._at]
            if char == "|":
                self._at += 1
                made, previous = made + "|", ""
                continue
            if char in "*+?" or _QUANTIFIER.match(self._text, self._at):
                made += self._quantifier()
                previous = ""
                continue
            if char == "(":
                made += self._group(ignores_case=ignores_case)
                previous = ""
                continue
            atom = self._atom()
            if atom in _ANCHORS:
                made += _ANCHORS[atom]
                continue
            if ignores_case:
                if not atom.isascii() or (previous + atom).lower() in _LIGATURES:
                    raise refused(f"Its regular expression {self._text!r} ignores the case of {previous + atom!r}.")
                previous = atom
                atom = f"(?i:{atom})"
            made += self._placeholder(atom)
        return made

    def _group(self, *, ignores_case: bool) -> str:
        opening = next((start for start in _OPENINGS if self._text.startswith(start, self._at)), "")
        if not opening or (opening == "(" and self._text.startswith("(?", self._at)):
            raise self._unknown()
        self._at += len(opening)
        inner = self._alternatives(ignores_case=ignores_case or opening == "(?i:")
        if self._at >= len(self._text):
            raise self._unknown()
        self._at += 1
        start = "(?:" if opening in ("(", "(?i:") else opening
        return f"{start}{inner})"

    def _quantifier(self) -> str:
        match = _QUANTIFIER.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        text = match.group()
        following = self._text[self._at : self._at + 1]
        if following == "?" and not text.startswith("{"):
            self._at += 1
            return text + "?"
        if following in ("*", "+", "?") and following:
            raise refused(f"Its regular expression {self._text!r} has the possessive repetition {text + following!r}.")
        return text if not text.startswith("{,") else "{0" + text[1:]

    def _atom(self) -> str:
        """A part that stands for one character, or an anchor."""
        start, char = self._at, self._text[self._at]
        if self._text[start : start + 2] in _ANCHORS:
            self._at += 2
        elif char == "\\":
            match = _ESCAPE.match(self._text, start)
            if match is None:
                raise self._unknown()
            self._at = match.end()
        elif char == "[":
            self._at = self._bracket_end(start)
        elif char in "^$":
            raise self._unknown()
        else:
            self._at += 1
        return self._text[start : self._at]

    def _bracket_end(self, start: int) -> int:
        """Where a set ends; sets may contain sets."""
        at, depth = start, 0
        while at < len(self._text):
            char = self._text[at]
            if char == "\\":
                at += 2
                continue
            if char == "[":
                depth += 1
                at += 2 if self._text.startswith("[^", at) else 1
                if self._text.startswith("]", at):  # a bracket at the beginning is a member
                    at += 1
                continue
            at += 1
            if char == "]":
                depth -= 1
                if depth == 0:
                    return at
        raise self._unknown()

    def _placeholder(self, source: str) -> str:
        if source not in self._numbers:
            self._numbers[source] = len(self.sources)
            self.sources.append(source)
        return chr(_FIRST + self._numbers[source])

    def _unknown(self) -> PackError:
        rest = self._text[self._at : self._at + 12]
        return refused(f"Its regular expression {self._text!r} has {rest!r}, which cannot be converted.")
