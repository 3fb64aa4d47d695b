"""Whether a tokenizer and a model of `transformers` belong together, and the number of tokens that the model takes."""

from __future__ import annotations

from typing import Any

from sealift.errors import PackError
from sealift.packing.preprocess.tokenizer import FastTokenizer


def fitted(processor: Any, model: Any, longest: int | None = None) -> Any:
    """The preprocessing that cuts texts where the model's positions end; other processors are unchanged.

    Args:
        processor: a tokenizer, an image processor, or another preprocessing.
        model: the model.
        longest: a number of tokens at which the caller cuts texts.

    Raises:
        PackError: E326 for a tokenizer with more tokens than the model has embeddings.
    """
    if not hasattr(processor, "backend_tokenizer"):
        return processor
    known = _embeddings(model)
    most = max(processor.get_vocab().values(), default=-1)
    if known is not None and most >= known:
        raise PackError(
            "E326",
            f"The tokenizer and the model do not belong together: the tokenizer has the token id {most}, but the model "
            f"has embeddings for {known} tokens.",
            where="preprocess",
            fix="Give the tokenizer that the model was trained with. If tokens were added to it since, call "
            "model.resize_token_embeddings(len(tokenizer)).",
        )
    limits = [limit for limit in (longest, _positions(model)) if limit is not None]
    return FastTokenizer(processor, min(limits, default=None))


def _embeddings(model: Any) -> int | None:
    """The number of token ids that a model takes; None where it does not state it."""
    try:
        count = model.get_input_embeddings().num_embeddings
    except (AttributeError, NotImplementedError):
        return None
    return int(count)


def _positions(model: Any) -> int | None:
    """The number of tokens for which a model has learned positions; None where positions have no limit."""
    for name, module in model.named_modules():
        count = getattr(module, "num_embeddings", None)
        if name.rpartition(".")[2] in ("position_embeddings", "wpe") and count is not None:
            # Positions of models as RoBERTa begin behind that of padding.
            padding = getattr(module, "padding_idx", None)
            return int(count) - (0 if padding is None else int(padding) + 1)
    return None
