"""Token patterns as automata: what `re` finds they find, and what they cannot say is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.convert.pattern import automaton
from sealift.errors import PackError
from sealift.text.scan import Scanner

PATTERNS = (
    *(r"(?u)\b\w\w+\b", r"\w+", r"[a-z]+", r"\b[a-zA-Z]{3,}\b", r"\S+", r"[^\s]+", r"(?u)\b\w\w+\b|[!?.,]"),
    *(r"(?ui)\b\w*[a-z]+\w*\b", r"\b(?!\d)\w+\b", r"\b[^\d\W]+\b", r"(?a)\w+", r"(\w+)!", r"#(\w+)", r"a|ab|abc"),
    *(r"(?:a|ab)(?:c|bcd)(?:d?)", r"a+?b*?c", r"a{2,3}?b|a{2,}", r".+?[.!?]", r"(?s).{3}", r"\Aab|b\Z", r"^a|b"),
    *(r"(?<=a)b+(?!c)", r"\w+(?:['\u2019-]\w+)*", r"\d+(?:\.\d+)?|\w+|[^\w\s]", r"(?i)stra\u00dfe|k", r"a\Bb+"),
    *(r"(?:(?:a|b)+c)+", r"(?i:a)b", r"[^a]b", r"(?<!a)b", r"a(?=b)", r"x{0}a", r"(?:ab?){2,3}", r"[\w']{2}"),
)
TEXTS = st.text(
    alphabet="aabbccd .!?#'\u2019-1\u0663\u00e9\u03a3\u017fK\u212a\n\u0130\u65e5\U0001f642_A\u0301", max_size=16
)


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=120, deadline=None)
@given(text=TEXTS)
def test_the_automaton_finds_what_re_finds(pattern: str, text: str) -> None:
    assert Scanner(automaton(pattern))(text) == re.findall(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"\w*", "empty text"),
        (r"a|", "empty text"),
        (r"\b", "empty text"),
        (r"(?:a*)+b", "repeats something that can be empty"),
        (r"(a)\1", "a reference to a group"),
        (r"(a)?(?(1)b|c)", "a condition on a group|capturing group"),
        (r"(?>ab)c", "an atomic group"),
        (r"a++b", "a possessive repetition"),
        (r"a(?=bc)", "more than one character"),
        (r"(?<!ab)c", "more than one character"),
        (r"a$", "uses \\$"),
        (r"(?m)^a", "uses \\$"),
        (r"\w*(\w)", "capturing group"),
        (r"(?:(a)|b)c*", "capturing group"),
        (r"(?:a{1,900}){1,900}", "too long"),
        (r"(?:a|b)*a(?:a|b){14}", "too many states"),
    ],
)
def test_what_an_automaton_cannot_say_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(PackError, match=reason) as caught:
        automaton(pattern)
    assert caught.value.code == "E302"
    assert caught.value.fix


@pytest.mark.parametrize("pattern", [r"(?:a|a)+b", r"(?:a+)+b", r"(?:a|aa)+c"])
def test_no_pattern_backtracks(pattern: str) -> None:
    scan = Scanner(automaton(pattern))
    assert scan("a" * 1000) == []  # `re` would take longer than the universe


def test_the_default_pattern_takes_one_step_a_character() -> None:
    scan = Scanner(automaton(r"(?u)\b\w\w+\b"))
    text: Any = "a" * 1_000_000 + " " + "b." * 100_000
    assert [len(word) for word in scan(text)] == [1_000_000]
