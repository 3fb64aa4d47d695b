"""Token patterns as automata against `re`, on random texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.graph.token_pattern import automaton
from sealift.stages.text.scan import Scanner

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
