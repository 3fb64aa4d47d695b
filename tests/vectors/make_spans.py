"""Write spec/vectors/spans.json: places of tokens, and spans as the pipeline of `transformers` finds them.

PYTHONPATH=src:.:.torch:.nets .venv/bin/python tests/vectors/make_spans.py
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from bench.nets.stand_in import torchvision_operators

from sealift.contract.outputs.token_spans import STRATEGIES, spans_of

ROOT = Path(__file__).parents[2]
NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
OTHERS = ["O", "LABEL_1", "S-ORG", "ORG"]


def by_transformers(tokens: list[list[float]], names: list[str], strategy: str, ignored: list[str]) -> list[Any]:
    """The spans of the pipeline."""
    from transformers.pipelines.token_classification import AggregationStrategy, TokenClassificationPipeline

    pipe = object.__new__(TokenClassificationPipeline)
    pipe.model = SimpleNamespace(config=SimpleNamespace(id2label=dict(enumerate(names))))
    pipe.tokenizer = SimpleNamespace(convert_tokens_to_string=" ".join)
    entities = [
        {"word": "", "scores": np.array(t[3:]), "start": t[0], "end": t[1], "index": i, "is_subword": t[2] == 1}
        for i, t in enumerate(tokens)
        if t[2] >= 0
    ]
    groups = pipe.aggregate(entities, AggregationStrategy[strategy.upper()]) if entities else []
    spans = [
        {"start": e["start"], "end": e["end"], "label": e.get("entity", e.get("entity_group")), "score": e["score"]}
        for e in groups
    ]
    return [span for span in spans if span["label"] not in ignored]


def by_formula(vectors: dict[str, Any], kind: str, case: int) -> tuple[str, list[int]]:
    """The rule of a tokenizer and the places of the tokens of a text, as `gather_pre_entities` computes them."""
    stage = vectors["stages"][kind]
    data = {key: vectors["blobs"][digest] for key, digest in stage["data"].items()}
    ids, flat, text = (stage["cases"][case][key] for key in ("ids", "spans", "text"))
    vocabulary = data["vocabulary"]
    words = dict(zip(vocabulary.get("ids", range(len(vocabulary["tokens"]))), vocabulary["tokens"], strict=True))
    words |= {entry[1]: entry[0] for entry in [*data.get("added_after", []), *data.get("added", [])]}
    (model,) = data["model"].values()
    before, after = (len(stage["spec"]["template"][side]) for side in ("before", "after"))
    numbers = []
    for i, (number, start, end) in enumerate(zip(ids, flat[::2], flat[1::2], strict=True)):
        if i < before or i >= len(ids) - after:
            numbers += [0, 0, -1]
            continue
        if model.get("prefix"):
            is_subword = len(words[number]) != len(text[start:end])
        else:
            is_subword = start > 0 and " " not in text[start - 1 : start + 1]
        numbers += [start, end, int(is_subword and number != model.get("unknown"))]
    return ("length" if model.get("prefix") else "space"), numbers


def random_tokens(random: np.random.Generator, count: int, classes: int) -> list[list[float]]:
    """Tokens with shares that are often equal, of which some continue words, and some are none."""
    rows = []
    at = 0
    for i in range(count):
        continues = int(random.random() < 0.4)
        size = int(random.integers(1, 5))
        at += 0 if continues else int(i > 0)
        parts = random.integers(0, 4, classes) + 0.0 if random.random() < 0.3 else random.random(classes) ** 4
        shares = (parts + 1e-3) / (parts + 1e-3).sum()
        rows.append([at, at + size, continues, *(float(f"{share:.6g}") for share in shares)])
        at += size
    ends = [[0, 0, -1, *[0.0] * classes]]
    return ends * int(random.integers(0, 2)) + rows + ends * int(random.integers(0, 3))


def main() -> None:
    torchvision_operators()
    random = np.random.default_rng(0)
    cases = []
    for names in (NAMES, OTHERS):
        for strategy in STRATEGIES:
            for number, count in enumerate((0, 1, 3, 12, 24)):
                ignored = [] if number == 2 else ["O"]
                tokens = random_tokens(random, count, len(names))
                spans = spans_of(tokens, names, strategy, ignored)
                expected = by_transformers(tokens, names, strategy, ignored)
                assert [(s["start"], s["end"], s["label"]) for s in spans] == [
                    (s["start"], s["end"], s["label"]) for s in expected
                ]
                assert np.allclose([s["score"] for s in spans], [s["score"] for s in expected], rtol=1e-13)
                why = f"{strategy}, {count} tokens, {'B- and I-' if names is NAMES else 'other names'}"
                cases.append({"why": why, "tokens": tokens, "names": names, "aggregation": strategy,
                              "ignored": ignored, "spans": spans})  # fmt: skip
    places = []
    vectors = json.loads((ROOT / "spec/vectors/tokenizer.json").read_text(encoding="utf-8"))
    for kind in ("bert", "gpt2", "llama2", "suffixed", "words"):
        for case in range(0, len(vectors["stages"][kind]["cases"]), 5):
            rule, numbers = by_formula(vectors, kind, case)
            places.append({"stage": kind, "case": case, "spans": rule, "numbers": numbers})
    lines = ",\n".join(json.dumps(case) for case in cases)
    rows = ",\n".join(json.dumps(case) for case in places)
    text = f'{{"cases": [\n{lines}\n],\n"places": [\n{rows}\n]}}\n'
    (ROOT / "spec/vectors/spans.json").write_text(text, encoding="utf-8")


main()
