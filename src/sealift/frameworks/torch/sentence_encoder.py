"""Encoders of sentence-transformers as sources: modules that take a dict and return one."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch

from sealift.frameworks.torch.source import ModuleSource


class _Encoder(torch.nn.Module):  # type: ignore[misc] # torch is not typed here
    """An encoder that is called with tokens, and returns the vector of each text."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        """The vectors (rows, width) of tokens (rows, length)."""
        return self.model({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]


class _EncoderOfSegments(_Encoder):
    """The same for a net that also takes the segments of tokens, such as BERT."""

    def forward(  # type: ignore[override]
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> Any:
        """The vectors (rows, width) of tokens (rows, length)."""
        given = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}
        return self.model(given)["sentence_embedding"]


class SentenceEncoderSource(ModuleSource):
    """A `SentenceTransformer` of texts; rows are the arrays that its tokenizer makes."""

    @cached_property
    def callable(self) -> Any:
        """The module whose arguments are tensors."""
        has_segments = "token_type_ids" in self.model.tokenizer.model_input_names
        made = (_EncoderOfSegments if has_segments else _Encoder)(self.model)
        made.training = self.model.training
        return made
