"""The text stage as a kind of stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealift.contract import Stage
from sealift.contract.stage import StageOutput
from sealift.stages.base import StageRun, StageType
from sealift.stages.text.stage import is_refusing


class TextStageType(StageType):
    """Counts the terms of strings by column (spec/TEXT.md)."""

    name = "text"
    version = 1
    data = ("accents", "edits", "lower", "pattern", "space", "stop_words", "vocabulary")
    outputs = (StageOutput("terms", "int64", ("length",)), StageOutput("counts", "float64", ("length",)))

    def open(self, stages: Mapping[int, Stage], columns: Mapping[int, int], names: Sequence[str]) -> StageRun:
        """Read the stages, which share tables."""
        from sealift.stages.text.batch import TextRun

        return TextRun(stages, columns, names)

    def is_refusing(self, stage: Stage) -> bool:
        """Whether a stage refuses strings that it cannot read."""
        return is_refusing(stage)

    def is_multiline(self, stage: Stage) -> bool:
        """Whether it counts words or characters; others read a word, a number or a date."""
        return stage.spec["analyzer"] in ("word", "char", "char_wb")


TEXT = TextStageType()
KIND = f"{TEXT.name}/{TEXT.version}"


def is_text(stage: Stage) -> bool:
    """Whether a stage is of this kind."""
    return stage.kind == KIND


def text_stage(field: int, spec: Mapping[str, Any]) -> Stage:
    """A text stage for an input, by the input's index."""
    return Stage(field, spec, KIND)
