"""A tokenizer of the library `tokenizers` as the values of a stage (spec/TOKENIZER.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from sealift.packing.tokenizer import dumps
from sealift.packing.tokenizer.models import model_of
from sealift.packing.tokenizer.refusal import refused
from sealift.packing.tokenizer.steps import normalizer_steps, splitter_steps

Json: TypeAlias = Mapping[str, Any]

_TRIMMING = {"ByteLevel", "RobertaProcessing"}


def stage_values(tokenizer: Any) -> dict[str, Any]:
    """The values of a stage that gives the same tokens.

    Args:
        tokenizer: a `tokenizers.Tokenizer`; its truncation and padding are part of it.

    Raises:
        PackError: E340 for a component that cannot be converted, which is named.
        MissingExtraError: E405 if the library is not installed.
    """
    raw = json.loads(tokenizer.to_str())
    model, vocabulary = model_of(raw["model"])
    values: dict[str, Any] = {"model": model, "vocabulary": vocabulary}
    if steps := normalizer_steps(raw["normalizer"]):
        values["normalizer"] = steps
    if steps := splitter_steps(raw["pre_tokenizer"]):
        values["splitter"] = steps
    values |= _added(tokenizer, raw)
    values |= _around(raw["post_processor"])
    if raw["truncation"] is not None:
        values["truncation"] = _truncation(raw["truncation"])
    if raw["padding"] is not None:
        values["padding"] = _padding(raw["padding"])
    if "trim" in values:
        values["space"] = dumps.as_set(dumps.white_space())
    return values


def _added(tokenizer: Any, raw: Json) -> dict[str, Any]:
    """The added tokens that are found before the normalizer, and those after it."""
    if tokenizer.encode_special_tokens:
        raise refused(
            "It has encode_special_tokens, which the stage does not have.", "Set encode_special_tokens to False."
        )
    values: dict[str, Any] = {}
    before: dict[str, list[Any]] = {}
    after: dict[str, list[Any]] = {}
    for token in raw["added_tokens"]:
        text = token["content"]
        if not text:
            continue
        target = before
        if token["normalized"]:
            target = after
            text = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer is not None else text
            if not text:
                raise refused(f"Its normalizer removes the added token {token['content']!r}.")
        if text in target and target[text][1:] != [token["id"], token["single_word"], token["lstrip"], token["rstrip"]]:
            raise refused(f"Two of its added tokens are {text!r} after the normalizer.", "Keep one of them.")
        target[text] = [text, token["id"], token["single_word"], token["lstrip"], token["rstrip"]]
    for key, tokens in (("added", before), ("added_after", after)):
        if tokens:
            values[key] = list(tokens.values())
    every = [*before.values(), *after.values()]
    if any(is_word for _, _, is_word, _, _ in every):
        values["word"] = dumps.as_set(dumps.words()[0])
    if any(left or right for _, _, _, left, right in every):
        values["space"] = dumps.as_set(dumps.words()[1])
    return values


def _around(raw: Json | None) -> dict[str, Any]:
    """The special tokens around a string, its type, and whether spans are trimmed."""
    values: dict[str, Any] = {"template": {"before": [], "after": []}, "type": 0}
    processors = [] if raw is None else raw["processors"] if raw["type"] == "Sequence" else [raw]
    is_done = False
    for processor in processors:
        name = processor["type"]
        if name in _TRIMMING and processor["trim_offsets"]:
            if is_done or "trim" in values:
                raise refused("Its post-processors trim offsets after special tokens were added, or twice.")
            values["trim"] = {"prefix": processor["add_prefix_space"]}
        if name == "ByteLevel":
            continue
        if is_done:
            raise refused("It has several post-processors that add special tokens.")
        is_done = True
        if name in ("BertProcessing", "RobertaProcessing"):
            values["template"] = {"before": [[processor["cls"][1], 0]], "after": [[processor["sep"][1], 0]]}
        elif name == "TemplateProcessing":
            values |= _template(processor)
        else:
            raise refused(f"Its post-processor {name} cannot be converted.")
    return values


def _template(raw: Json) -> dict[str, Any]:
    sides: list[list[list[int]]] = [[], []]
    types: list[int] = []
    for part in raw["single"]:
        if "Sequence" in part:
            types.append(part["Sequence"]["type_id"])
            if part["Sequence"]["id"] != "A":
                raise refused("Its post-processor has a second string where one is given.")
        else:
            special = part["SpecialToken"]
            ids = raw["special_tokens"][special["id"]]["ids"]
            sides[bool(types)] += [[number, special["type_id"]] for number in ids]
    if len(types) != 1:
        raise refused("Its post-processor repeats the string or omits it.")
    return {"template": {"before": sides[0], "after": sides[1]}, "type": types[0]}


def _truncation(raw: Json) -> dict[str, Any]:
    if raw["strategy"] == "OnlySecond":
        raise refused("Its truncation only_second needs two strings.", "Use longest_first.")
    return {"length": raw["max_length"], "side": raw["direction"].lower()}


def _padding(raw: Json) -> dict[str, Any]:
    values = {"id": raw["pad_id"], "type": raw["pad_type_id"], "side": raw["direction"].lower()}
    if isinstance(raw["strategy"], dict):
        values["length"] = raw["strategy"]["Fixed"]
    if raw["pad_to_multiple_of"]:
        values["multiple"] = raw["pad_to_multiple_of"]
    return values
