"""The tokenizer stage as a kind of stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealift.contract import Stage
from sealift.contract.stage import StageOutput
from sealift.stages.base import StageRun, StageType


class TokenizerStageType(StageType):
    """Converts strings to token ids (spec/TOKENIZER.md)."""

    name = "tokenizer"
    version = 1
    has_notes = True
    data = ("added", "added_after", "model", "normalizer", "space", "splitter", "vocabulary", "word")
    outputs = (
        StageOutput("input_ids", "int64", ("length",)),
        StageOutput("attention_mask", "int64", ("length",)),
        StageOutput("token_type_ids", "int64", ("length",)),
    )

    def outputs_of(self, spec: Mapping[str, Any]) -> tuple[StageOutput, ...]:
        """Also `spans`, where the stage has this key."""
        places = (StageOutput("spans", "int64", ("length", 3), locates=True),) if "spans" in spec else ()
        return (*self.outputs, *places)

    def longest(self, spec: Mapping[str, Any]) -> int | None:
        """The number of tokens at which strings are cut."""
        truncation = spec.get("truncation")
        return int(truncation["length"]) if truncation else None

    def open(self, stages: Mapping[int, Stage], columns: Mapping[int, int], names: Sequence[str]) -> StageRun:
        """Read the stages."""
        from sealift.stages.tokenizer.batch import TokenizerRun

        return TokenizerRun(stages, columns, names)

    def is_refusing(self, stage: Stage) -> bool:
        """Whether a stage refuses strings that it would cut."""
        truncation = stage.spec.get("truncation")
        return isinstance(truncation, dict) and truncation.get("refused") is True

    def is_multiline(self, stage: Stage) -> bool:
        """True."""
        del stage
        return True


TOKENIZER = TokenizerStageType()
KIND = f"{TOKENIZER.name}/{TOKENIZER.version}"


def tokenizer_stage(field: int, spec: Mapping[str, Any]) -> Stage:
    """A tokenizer stage for an input, by the input's index."""
    return Stage(field, spec, KIND)
