"""What a pipeline of `transformers` consists of: its processor, where it cuts texts, and its head."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from sealift.errors import PackError
from sealift.packing.bundles.task_heads import classifier, detector, tagger
from sealift.packing.heads.base import OutputHead

Parts: TypeAlias = tuple[Any, int | None, OutputHead]
_FEATURES = (
    "its answer is a vector for each token, and a text has any number of them",
    "Pack a module that computes one vector for each text from the model: `sealift docs how-to/transformers`.",
)
_GENERATED = (
    "it computes the answer in several runs of the net",
    "Pack pipeline.model for one run, if that is of use.",
)
_REASONS: Mapping[str, tuple[str, str]] = {
    "zero-shot-classification": (
        "its labels are part of each call, and the net runs once for each of them",
        "Pack a classifier with fixed labels.",
    ),
    "feature-extraction": _FEATURES,
    "image-feature-extraction": _FEATURES,
    "image-segmentation": (
        "it resizes the net's numbers to each picture before it decides, which a mask of a fixed size does not",
        "Pack pipeline.model with preprocess=pipeline.image_processor and outputs=sealift.Mask(names).",
    ),
    **dict.fromkeys(("text-generation", "image-to-text", "image-text-to-text", "any-to-any"), _GENERATED),
}


def parts_of(pipe: Any) -> Parts:
    """The parts of a pipeline.

    Returns:
        The tokenizer or image processor; the number of tokens at which the caller cuts texts, None by default; and the
        head.

    Raises:
        PackError: E325 for a task, or an option of the pipeline, that a sealed file does not have.
    """
    reader = _READERS.get(pipe.task)
    if reader is None:
        reason, fix = _REASONS.get(pipe.task, ("its task is not supported", _KNOWN))
        raise _refused(pipe, reason, fix)
    return reader(pipe)


def _texts(pipe: Any) -> Parts:
    config, post = pipe.model.config, pipe._postprocess_params
    return pipe.tokenizer, _cut(pipe), classifier(config, _function(post))


def _tokens(pipe: Any) -> Parts:
    given, post = pipe._preprocess_params, pipe._postprocess_params
    if given.get("is_split_into_words") or "offset_mapping" in given:
        raise _refused(pipe, "it takes words in place of texts", "Make the pipeline without is_split_into_words.")
    if given.get("tokenizer_params"):
        raise _refused(
            pipe, "it divides long texts (stride)", "Make it without stride: long texts are cut, and said so."
        )
    strategy: Any = getattr(post.get("aggregation_strategy"), "value", None) or "none"
    return pipe.tokenizer, None, tagger(pipe.model.config, strategy, post.get("ignore_labels"))


def _pictures(pipe: Any) -> Parts:
    return pipe.image_processor, None, classifier(pipe.model.config, _function(pipe._postprocess_params))


def _objects(pipe: Any) -> Parts:
    if pipe.tokenizer is not None:
        raise _refused(pipe, "it reads the text of documents", "Pack a detector without a tokenizer.")
    threshold = pipe._postprocess_params.get("threshold", 0.5)
    return pipe.image_processor, None, detector(pipe.model.config, pipe.image_processor, threshold)


_READERS: Mapping[str, Callable[[Any], Parts]] = {
    **dict.fromkeys(("text-classification", "sentiment-analysis"), _texts),
    **dict.fromkeys(("token-classification", "ner"), _tokens),
    "image-classification": _pictures,
    "object-detection": _objects,
}
_KNOWN = "Known are text-classification, token-classification, image-classification and object-detection."


def _function(given: Mapping[str, Any]) -> str | None:
    """The function that a pipeline applies to logits, by its name, if it is given."""
    function = given.get("function_to_apply")
    return None if function is None else str(getattr(function, "value", function)).lower()


def _cut(pipe: Any) -> int | None:
    """Where a pipeline cuts texts by its own arguments."""
    given: Mapping[str, Any] = pipe._preprocess_params
    known: Collection[str] = ("truncation", "max_length", "padding")
    other = [name for name in given if name not in known]
    if other:
        raise _refused(pipe, f"it gives {other[0]} to its tokenizer", "Set this in the tokenizer itself.")
    return given.get("max_length") if given.get("truncation") else None


def _refused(pipe: Any, reason: str, fix: str) -> PackError:
    return PackError("E325", f"A pipeline for {pipe.task} cannot be sealed: {reason}.", where="model", fix=fix)
