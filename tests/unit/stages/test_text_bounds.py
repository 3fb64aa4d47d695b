"""Text stages of a hostile file take bounded time and memory, and the same bound in both readers (spec/TEXT.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sealift.errors import ContractError, SealError
from sealift.stages import Stages
from sealift.stages.text import TextStage, text_stage

# Fixtures shared with web/app/test/text.test.ts.
MEGABYTE = "ab" * (1 << 19)


def char(least: int, most: int) -> dict[str, Any]:
    return {"analyzer": "char", "ngrams": [least, most], "space": [], "hash": {"columns": 8, "signs": False}}


def stages(specs: list[dict[str, Any]]) -> Stages:
    return Stages([text_stage(1, spec) for spec in specs], [1])


def test_a_megabyte_of_text_is_answered_within_the_bound_and_refused_at_once_beyond_it() -> None:
    assert len(TextStage(char(1, 1)).count(MEGABYTE)) == 2
    for most in (6, 64):
        with pytest.raises(SealError, match="E207"):
            TextStage(char(1, most)).count(MEGABYTE)
    assert TextStage(char(2, 3)).work("abcd") == 20
    assert TextStage(char(2, 64)).work("\U0001f600b") == 4


def test_words_and_parts_have_the_same_bound() -> None:
    pattern = {"classes": [[32, 1]], "starts": [0] * 3, "next": [[4, 0, 0], [4, 1, 1]]}
    rest = {"hash": {"columns": 8, "signs": False}, "ngrams": [1, 64]}
    for spec in (
        {"analyzer": "word", "pattern": pattern, **rest},
        {"analyzer": "char_wb", "space": [32, 1], **rest},
    ):
        with pytest.raises(SealError, match="E207"):
            TextStage(spec).count(MEGABYTE)


def test_equal_tables_count_once_and_too_many_different_ones_are_refused() -> None:
    def stage(first: int) -> dict[str, Any]:
        return {"accents": {"rest": "keep", "shifts": [first, 60000, 1, 1]}, **char(1, 1)}

    stages([stage(0xE000)] * 40)
    with pytest.raises(ContractError, match="E106") as raised:
        stages([stage(0xE000 + i) for i in range(40)])
    assert raised.value.where == "stage 17"


def test_a_row_whose_texts_are_too_much_together_is_given_up() -> None:
    row = {"text": np.array([["a" * 1_000_000]], dtype=object)}
    with pytest.raises(SealError, match="texts of a row"):
        list(stages([char(1, 5)] * 5).pieces(row))


def test_a_lower_case_that_could_look_around_for_ever_is_refused() -> None:
    lower = {"map": {"rest": "keep"}, "cased": [], "ignorable": [0x3A3, 1]}
    with pytest.raises(ValueError, match="sigma"):
        TextStage({"lower": lower, **char(1, 1)})


def test_whole_numbers_may_be_written_with_a_fraction_of_zero() -> None:
    spec = {**char(1, 1), "ngrams": [1.0, 2.0], "space": [32.0, 1.0]}
    assert TextStage(spec).terms("ab") == ["a", "b", "ab"]
