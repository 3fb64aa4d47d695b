"""Tables of characters as text stages read them, against `str.lower`, `str.upper`, `str.strip` and scikit-learn."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from pyarrow import array, compute
from sklearn.feature_extraction.text import strip_accents_ascii, strip_accents_unicode

from sealift.graph import unicode_tables
from sealift.stages.text import TextStage

POINTS = [point for point in range(0x20000) if unicodedata.category(chr(point)) not in ("Cs", "Cn", "Co")]
EVERY = "".join(map(chr, POINTS))
SIGMAS = [f"{before}\u03a3{after}" for before in ("", "a", "1", "a.", ".") for after in ("", "b", ".", ".b", " b")]


def changed(spec: dict[str, Any], text: str) -> str:
    (result,) = TextStage({"analyzer": "whole", "ngrams": [1, 1], "vocabulary": ["a"], **spec}).terms(text)
    return result


def test_lower_case() -> None:
    spec = {"edits": [{"lower": unicode_tables.lower()}]}
    stage = TextStage({"analyzer": "whole", "ngrams": [1, 1], "vocabulary": ["a"], **spec})
    for text in [EVERY, *SIGMAS]:
        assert stage.terms(text) == [text.lower()], ascii(text[:20])
    # Beside each character, a sigma is final or not.
    for text in (f"{char}\u03a3" for char in EVERY[:0x3000]):
        assert stage.terms(text) + stage.terms("a" + text) == [text.lower(), ("a" + text).lower()], ascii(text)


def test_upper_case() -> None:
    assert changed({"edits": [{"map": unicode_tables.upper()}]}, EVERY) == EVERY.upper()


@pytest.mark.parametrize("upper", [False, True])
def test_case_of_arrow(upper: bool) -> None:
    change = compute.utf8_upper if upper else compute.utf8_lower
    assert changed({"edits": [{"map": unicode_tables.arrow_case(upper)}]}, EVERY) == change(array([EVERY]))[0].as_py()


def test_white_space_of_arrow() -> None:
    spec = {"edits": [{"strip": {"space": unicode_tables.arrow_space(), "left": True, "right": True}}]}
    texts = [f"{char}-{char}" for char in EVERY[:0x2100]]
    stage = TextStage({"analyzer": "whole", "ngrams": [1, 1], "vocabulary": ["a"], **spec})
    assert [stage.terms(text)[0] for text in texts] == compute.utf8_trim_whitespace(array(texts)).to_pylist()


def test_white_space() -> None:
    spec = {"edits": [{"strip": {"space": unicode_tables.space(), "left": True, "right": True}}]}
    around = "".join(char for char in EVERY if char.isspace())
    assert len(around) > 20
    for text in (around + "a b" + around, *(f"{char}-" for char in EVERY[:0x2100])):
        assert changed(spec, text) == text.strip(), ascii(text)


@pytest.mark.parametrize(("kind", "oracle"), [("unicode", strip_accents_unicode), ("ascii", strip_accents_ascii)])
def test_accents(kind: str, oracle: Callable[[str], str]) -> None:
    for start in range(0, len(EVERY), 1000):
        text = EVERY[start : start + 1000]
        assert changed({"accents": unicode_tables.accents(kind)}, text) == oracle(text)


def test_sets_of_characters() -> None:
    assert unicode_tables.encoded([]) == []
    assert unicode_tables.encoded([0, 1, 2, 7]) == [0, 3, 4, 1]
    assert unicode_tables.encoded({9, 5, 6}) == [5, 2, 2, 1]
