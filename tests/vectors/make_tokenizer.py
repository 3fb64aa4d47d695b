"""Makes spec/vectors/tokenizer.json: texts as the library `tokenizers` divides them into tokens.

Run it with `python tests/vectors/make_tokenizer.py`. With `--random 1000 --out FOLDER` it makes 1000 random texts for
each tokenizer instead, which `make token-cases` tests; `--files` adds tokenizer.json files.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import Tokenizer

from sealift import canonical
from sealift.packing.tokenizer import stage_values
from sealift.stages.tokenizer.kind import TOKENIZER
from sealift.stages.tokenizer.stage import TokenizerStage

sys.path.insert(0, str(Path(__file__).parents[1]))

from token_texts import BUILDERS, built, texts

OUT = Path(__file__).parents[2] / "spec" / "vectors" / "tokenizer.json"
_SEED = 20


def case(tokenizer: Tokenizer, text: str) -> dict[str, Any]:
    """What the library makes of a text, without padding."""
    encoding = tokenizer.encode(text)
    # Spans as one list of numbers, which are alternately a beginning and an end.
    spans = [edge for span in encoding.offsets for edge in span]
    return {"text": text, "ids": encoding.ids, "types": encoding.type_ids, "spans": spans}


def group(tokenizer: Tokenizer, count: int, seed: int, blobs: dict[str, Any]) -> dict[str, Any]:
    """A stage and its cases; its data is added to `blobs`."""
    values = json.loads(canonical.dumps(stage_values(tokenizer)))
    tokenizer.no_padding()
    spec = {key: value for key, value in values.items() if key not in TOKENIZER.data}
    data = {}
    for key in TOKENIZER.data:
        if key in values:
            data[key] = hashlib.sha256(canonical.dumps(values[key])).hexdigest()[:16]
            blobs[data[key]] = values[key]
    some = sorted(set(itertools.islice(texts(seed), count)), key=len)
    return {"spec": spec, "data": data, "cases": [case(tokenizer, text) for text in some]}


def _malformed(blobs: dict[str, Any], word: dict[str, Any]) -> list[dict[str, Any]]:
    """Stages that must be refused, each with the message of the Python reader."""
    del blobs
    vocabulary = {"tokens": ["[UNK]", "a", "b", "ab"]}
    good = {**word, "vocabulary": vocabulary, "model": {"wordlevel": {"unknown": 0}}}
    bpe = {"merges": [1, 2, 3], "fuse": False, "whole": False}
    changes: Sequence[dict[str, Any]] = [
        {"vocabulary": {"tokens": []}},
        {"vocabulary": {"tokens": ["a", "a"]}},
        {"vocabulary": {"tokens": ["a", ""]}},
        {"vocabulary": {"tokens": ["a"], "ids": [1 << 24]}},
        {"model": {"wordlevel": {"unknown": 9}}},
        {"model": {"wordlevel": {"unknown": 0}, "bpe": bpe}},
        {"model": {"other": {}}},
        {"model": {"bpe": {**bpe, "merges": [1, 2]}}},
        {"model": {"bpe": {**bpe, "merges": [1, 2, 4]}}},
        {"model": {"bpe": {**bpe, "merges": [1, 2, 3, 1, 2, 3]}}},
        {"model": {"bpe": {**bpe, "bytes": [-1] * 256, "suffix": "x"}}},
        {"model": {"unigram": {"scores": [0, 0, 0], "unknown": 0}}},
        {"model": {"unigram": {"scores": [0, 0, 0, "x"], "unknown": 0}}},
        {"model": {"wordpiece": {"unknown": 0, "prefix": "##", "longest": -1}}},
        {"added": [["", 0, False, False, False]]},
        {"added": [["x", 0, False, False, 1]]},
        {"added": [["x", 0, False, False]]},
        {"normalizer": [{"lower": True}]},
        {"normalizer": [{}]},
        {"normalizer": [{"map": {"rest": "drop"}}]},
        {"normalizer": [{"bytes": False}]},
        {"normalizer": [{"replace": {"find": {"text": ""}, "with": ""}}]},
        {"normalizer": [{"replace": {"find": {}, "with": ""}}]},
        {"normalizer": [{"form": {"map": {"rest": "keep"}, "classes": [], "pairs": [1, 2]}}]},
        {"splitter": [{"split": {"at": {"set": [0, 1]}, "behavior": "merged", "invert": False}}]},
        {"truncation": {"length": 1, "side": "right"}},
        {"truncation": {"length": 8, "side": "up"}},
        {"padding": {"id": 0, "type": 0, "side": "right", "length": 0}},
        {"template": {"before": [[0]], "after": []}},
        {"trim": {}},
    ]  # fmt: skip
    cases = []
    for change in changes:
        stage = {**good, **change}
        try:
            TokenizerStage(stage)
        except ValueError as error:
            cases.append({"stage": stage, "message": str(error)})
        else:
            raise AssertionError(f"not refused: {change}")
    return cases


def main() -> None:
    """Write the file, or files of random texts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--only", default="", help="a kind of tokenizer")
    parser.add_argument("--files", nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    if options.random:
        options.out.mkdir(parents=True, exist_ok=True)
        for name in [*([options.only] if options.only else BUILDERS), *options.files]:
            blobs: dict[str, Any] = {}
            tokenizer = built(name) if name in BUILDERS else Tokenizer.from_file(name)
            groups = {name: group(tokenizer, options.random, _SEED + 1, blobs)}
            path = options.out / f"{Path(name).parent.name if '/' in name else name}.json"
            path.write_text(json.dumps({"blobs": blobs, "stages": groups, "malformed": []}), "utf-8")
        return
    blobs = {}
    stages = {name: group(built(name), 40, _SEED, blobs) for name in BUILDERS}
    template = {"template": {"before": [[0, 0]], "after": [[1, 0]]}, "type": 0}
    parts: dict[str, Any] = {"library": tokenizers.__version__, "blobs": blobs, "stages": stages}
    parts["malformed"] = _malformed(blobs, template)
    options.out.write_text(json.dumps(parts, ensure_ascii=True, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
