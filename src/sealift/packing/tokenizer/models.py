"""The models of a tokenizer.json as the stage has them (spec/TOKENIZER.md §5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from sealift.packing.tokenizer.refusal import refused

Json: TypeAlias = Mapping[str, Any]
Made: TypeAlias = tuple[dict[str, Any], dict[str, Any]]
"""The values `model` and `vocabulary` of the stage."""


def model_of(raw: Json) -> Made:
    """The model and its vocabulary. Raises PackError E340."""
    name = raw.get("type") or _guessed(raw)
    if name not in _MODELS:
        raise refused(f"Its model {name} cannot be converted.")
    return _MODELS[name](raw)


def _guessed(raw: Json) -> str:
    """The type of a model of an old file, which does not name it."""
    if "merges" in raw:
        return "BPE"
    return "WordPiece" if "max_input_chars_per_word" in raw else "Unigram" if "unk_id" in raw else "WordLevel"


def _vocabulary(ids: Mapping[str, int]) -> dict[str, Any]:
    items = sorted(ids.items(), key=lambda item: item[1])
    tokens, numbers = [token for token, _ in items], [number for _, number in items]
    if "" in ids:
        raise refused("Its vocabulary has an empty token.")
    return {"tokens": tokens} | ({} if numbers == list(range(len(numbers))) else {"ids": numbers})


def _known(ids: Mapping[str, int], token: str) -> int:
    if token not in ids:
        raise refused(f"Its unknown token {token!r} is not in the vocabulary.", "Add it to the vocabulary.")
    return ids[token]


def _word_level(raw: Json) -> Made:
    ids = raw["vocab"]
    return {"wordlevel": {"unknown": _known(ids, raw["unk_token"])}}, _vocabulary(ids)


def _wordpiece(raw: Json) -> Made:
    ids = raw["vocab"]
    model = {
        "unknown": _known(ids, raw["unk_token"]),
        "prefix": raw["continuing_subword_prefix"],
        "longest": min(raw["max_input_chars_per_word"], 1 << 16),
    }
    return {"wordpiece": model}, _vocabulary(ids)


def _bpe(raw: Json) -> Made:
    if raw.get("dropout"):
        raise refused("Its model has a dropout, so that its tokens are random.", "Set dropout to None.")
    ids = raw["vocab"]
    prefix, suffix = raw.get("continuing_subword_prefix") or "", raw.get("end_of_word_suffix") or ""
    merges: dict[tuple[int, int], int] = {}
    for entry in raw["merges"]:
        left, right = entry.split(" ") if isinstance(entry, str) else entry
        pair = (ids[left], ids[right])
        merges.pop(pair, None)  # of equal pairs the last one counts, with its rank
        merges[pair] = ids[left + right.encode()[len(prefix.encode()) :].decode()]
    model: dict[str, Any] = {
        "merges": [number for (left, right), new in merges.items() for number in (left, right, new)],
        "fuse": bool(raw.get("fuse_unk")),
        "whole": bool(raw.get("ignore_merges")),
    }
    if raw.get("unk_token"):
        model["unknown"] = _known(ids, raw["unk_token"])
    if raw.get("byte_fallback"):
        if prefix or suffix:
            raise refused("Its model has byte_fallback and a prefix or suffix.")
        model["bytes"] = _byte_ids(ids)
    model |= {key: value for key, value in (("prefix", prefix), ("suffix", suffix)) if value}
    return {"bpe": model}, _vocabulary(ids)


def _byte_ids(ids: Mapping[str, int]) -> list[int]:
    return [ids.get(f"<0x{byte:02X}>", -1) for byte in range(256)]


def _unigram(raw: Json) -> Made:
    if raw.get("alpha") is not None or raw.get("nbest_size") is not None:
        raise refused("Its model samples its tokens at random.", "Set alpha and nbest_size to None.")
    entries: Sequence[tuple[str, float]] = raw["vocab"]
    if raw.get("unk_id") is None:
        raise refused("Its model has no unk_id.", "Set unk_id.")
    ids = {token: i for i, (token, _) in enumerate(entries)}
    if len(ids) != len(entries):
        raise refused("Its vocabulary has a token twice.")
    model: dict[str, Any] = {"scores": [float(score) for _, score in entries], "unknown": raw["unk_id"]}
    if raw.get("byte_fallback"):
        model["bytes"] = _byte_ids(ids)
    return {"unigram": model}, _vocabulary(ids)


_MODELS: dict[str, Callable[[Json], Made]] = {
    "BPE": _bpe,
    "Unigram": _unigram,
    "WordLevel": _word_level,
    "WordPiece": _wordpiece,
}
