"""The normalizers and pre-tokenizers of a tokenizer.json as steps of the stage (spec/TOKENIZER.md §3 and §4)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from sealift.packing.tokenizer import dumps
from sealift.packing.tokenizer.patterns import automaton_of_regex
from sealift.packing.tokenizer.refusal import refused

Json: TypeAlias = Mapping[str, Any]
Steps: TypeAlias = list[dict[str, Any]]

_BEHAVIORS = {
    "Removed": "removed",
    "Isolated": "isolated",
    "Contiguous": "contiguous",
    "MergedWithPrevious": "with previous",
    "MergedWithNext": "with next",
}
_BYTE_LEVEL = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def normalizer_steps(raw: Json | None) -> Steps:
    """The steps of a normalizer. Raises PackError E340."""
    return _steps(raw, "normalizers", _NORMALIZERS, "normalizer")


def splitter_steps(raw: Json | None) -> Steps:
    """The steps of a pre-tokenizer. Raises PackError E340."""
    return _steps(raw, "pretokenizers", _SPLITTERS, "pre-tokenizer")


def _steps(raw: Json | None, parts: str, makers: Mapping[str, Callable[[Json], Steps]], what: str) -> Steps:
    if raw is None:
        return []
    name = raw["type"]
    if name == "Sequence":
        return [step for part in raw[parts] for step in _steps(part, parts, makers, what)]
    if name not in makers:
        raise refused(f"Its {what} {name} cannot be converted.")
    return makers[name](raw)


def _mapped(raw: Json) -> Steps:
    """A normalizer that changes each character on its own."""
    changed, removed = dumps.images(json.dumps(raw))
    steps: Steps = [{"drop": dumps.as_set(removed)}] if removed.any() else []
    return steps + ([{"map": dumps.char_map(changed)}] if changed else [])


def _bert(raw: Json) -> Steps:
    only = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    accents = raw["lowercase"] if raw["strip_accents"] is None else raw["strip_accents"]
    steps: Steps = []
    if raw["clean_text"]:
        steps += _mapped({"type": "BertNormalizer", **only, "clean_text": True})
    if raw["handle_chinese_chars"]:
        ideographs = np.zeros(0x110000, dtype=np.bool_)
        ideographs[
            list(dumps.images(json.dumps({"type": "BertNormalizer", **only, "handle_chinese_chars": True}))[0])
        ] = True
        steps.append({"surround": {"set": dumps.as_set(ideographs), "text": " "}})
    if accents:
        steps += _form({"type": "NFD"})
        removed = dumps.images(json.dumps({"type": "BertNormalizer", **only, "strip_accents": True}))[1]
        steps.append({"drop": dumps.as_set(removed)})
    if raw["lowercase"]:
        steps += _mapped({"type": "BertNormalizer", **only, "lowercase": True})
    return steps


def _form(raw: Json) -> Steps:
    name = raw["type"]
    images = dumps.images('{"type":"NFKD"}' if "K" in name else '{"type":"NFD"}')[0]
    form: dict[str, Any] = {"map": dumps.char_map(images), "classes": dumps.classes()}
    return [{"form": form | ({"pairs": dumps.pairs()} if name.endswith("C") else {})}]


def _strip(raw: Json) -> Steps:
    space = dumps.as_set(dumps.white_space())
    return [{"strip": {"space": space, "left": raw["strip_left"], "right": raw["strip_right"]}}]


def _prepend(raw: Json) -> Steps:
    return [{"prefix": {"text": raw["prepend"], "repeated": True, "first": False}}] if raw["prepend"] else []


def _replace(raw: Json) -> Steps:
    return [{"replace": {"find": _pattern(raw["pattern"]), "with": raw["content"]}}]


def _pattern(raw: Json) -> dict[str, Any]:
    if "String" in raw:
        if not raw["String"]:
            raise refused("It has an empty pattern.")
        return {"text": raw["String"]}
    return {"pattern": automaton_of_regex(raw["Regex"])}


def _bytes(raw: Json) -> Steps:
    del raw
    return [{"bytes": True}]


def _split(at: Json, behavior: str, *, invert: bool = False) -> dict[str, Any]:
    return {"split": {"at": at, "behavior": behavior, "invert": invert}}


def _set(chars: Any) -> dict[str, Any]:
    return {"set": dumps.as_set(chars)}


def _bert_splitter(raw: Json) -> Steps:
    del raw
    return [
        _split(_set(dumps.white_space()), "removed"),
        _split(_set(dumps.single("BertPreTokenizer")), "isolated"),
    ]


def _whitespace(raw: Json) -> Steps:
    """Runs of characters of words, and runs of others, without white space."""
    del raw
    word, space = dumps.words()
    return [
        _split(_set(space), "removed"),
        _split(_set(word), "contiguous"),
    ]


def _whitespace_split(raw: Json) -> Steps:
    del raw
    return [_split(_set(dumps.white_space()), "removed")]


def _punctuation(raw: Json) -> Steps:
    return [_split(_set(dumps.single("Punctuation")), _BEHAVIORS[raw.get("behavior", "Isolated")])]


def _digits(raw: Json) -> Steps:
    return [_split(_set(dumps.single("Digits")), "isolated" if raw["individual_digits"] else "contiguous")]


def _delimiter(raw: Json) -> Steps:
    return [_split({"text": raw["delimiter"]}, "removed")]


def _any_split(raw: Json) -> Steps:
    return [_split(_pattern(raw["pattern"]), _BEHAVIORS[raw["behavior"]], invert=raw["invert"])]


def _metaspace(raw: Json) -> Steps:
    mark, scheme = raw["replacement"], raw.get("prepend_scheme", "always")
    steps: Steps = [{"replace": {"find": {"text": " "}, "with": mark}}]
    if scheme != "never":
        steps.append({"prefix": {"text": mark, "repeated": False, "first": scheme == "first"}})
    return [*steps, _split({"text": mark}, "with next")] if raw.get("split", True) else steps


def _byte_level(raw: Json) -> Steps:
    steps: Steps = []
    if raw["add_prefix_space"]:
        steps.append({"prefix": {"text": " ", "repeated": False, "first": False}})
    if raw.get("use_regex", True):
        steps.append(_split({"pattern": automaton_of_regex(_BYTE_LEVEL)}, "isolated"))
    return [*steps, {"bytes": True}]


_NORMALIZERS: dict[str, Callable[[Json], Steps]] = {
    "BertNormalizer": _bert,
    "ByteLevel": _bytes,
    "Lowercase": _mapped,
    "NFC": _form,
    "NFD": _form,
    "NFKC": _form,
    "NFKD": _form,
    "Nmt": _mapped,
    "Prepend": _prepend,
    "Replace": _replace,
    "Strip": _strip,
    "StripAccents": _mapped,
}
_SPLITTERS: dict[str, Callable[[Json], Steps]] = {
    "BertPreTokenizer": _bert_splitter,
    "ByteLevel": _byte_level,
    "CharDelimiterSplit": _delimiter,
    "Digits": _digits,
    "Metaspace": _metaspace,
    "Punctuation": _punctuation,
    "Split": _any_split,
    "Whitespace": _whitespace,
    "WhitespaceSplit": _whitespace_split,
}
