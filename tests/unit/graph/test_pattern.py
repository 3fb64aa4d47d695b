"""Token patterns as automata: what `re` finds they find, and what they cannot say is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sealift.errors import PackError
from sealift.graph.token_pattern import automaton
from sealift.stages.text.scan import Scanner


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


@pytest.mark.parametrize("pattern", [r"[\x00-\x0f][a-c]", r"[\x00-\x0f][a-c\U0010ff00-\U0010ffff]", r"\w\W", r"a"])
def test_the_class_of_most_ranges_is_not_listed(pattern: str) -> None:
    listed = automaton(pattern)["classes"]
    rest = np.ones(0x110000, dtype=np.bool_)
    for ranges in listed:
        at = 0
        for gap, count in zip(ranges[::2], ranges[1::2], strict=True):
            at += gap
            assert rest[at : at + count].all()
            rest[at : at + count] = False
            at += count
    starts = np.flatnonzero(rest & ~np.concatenate([[False], rest[:-1]]))
    assert len(starts) >= max(len(ranges) // 2 for ranges in listed)
