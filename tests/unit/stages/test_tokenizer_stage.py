"""The tokenizer stage against the library `tokenizers`: ids, types and spans of texts of every script."""

from __future__ import annotations

import itertools
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from sealift import canonical
from sealift.contract import Contract, Field, Output, encode
from sealift.errors import ContractError, PackError, SealError
from sealift.packing.tokenizer import stage_values
from sealift.stages import Stages
from sealift.stages.tokenizer import TokenizerStage, tokenizer_stage
from sealift.stages.tokenizer.piece import MOST_CHARACTERS, TooLongError
from token_texts import BUILDERS, built, texts

VECTORS = Path(__file__).parents[3] / "spec" / "vectors" / "tokenizer.json"
CASES = int(os.environ.get("SEALIFT_TOKEN_CASES", "150"))


@cache
def stage(kind: str) -> TokenizerStage:
    return TokenizerStage(json.loads(canonical.dumps(stage_values(built(kind)))))


def difference(tokenizer: Tokenizer, made: TokenizerStage, text: str) -> str:
    """Where the two differ for a text; empty if they do not."""
    expected, encoding = tokenizer.encode(text), made.encode(text)
    width = len(expected.ids) if made.padding is None else sum(expected.attention_mask)
    pairs = {
        "ids": (expected.ids[:width], encoding.ids),
        "types": (expected.type_ids[:width], encoding.types),
        "spans": (expected.offsets[:width], encoding.spans),
        "special": (expected.special_tokens_mask[:width], [int(flag) for flag in encoding.special]),
    }
    return "".join(f"{name} of {text!r}: {a} {b}\n" for name, (a, b) in pairs.items() if a != b)


@pytest.mark.parametrize("kind", BUILDERS)
def test_texts_of_every_script(kind: str) -> None:
    made, seen = stage(kind), 0
    for text in itertools.islice(texts(7), CASES):
        assert not difference(built(kind), made, text)
        seen += 1
    assert seen == CASES


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["bert", "gpt2", "llama2", "t5", "unigram-bytes", "words"]), st.text(st.characters(codec="utf-8"))
)
def test_any_text(kind: str, text: str) -> None:
    assert not difference(built(kind), stage(kind), text)


def test_the_vectors_are_those_of_the_library() -> None:
    vectors = json.loads(VECTORS.read_text("utf-8"))
    for name, group in vectors["stages"].items():
        data = {key: vectors["blobs"][digest] for key, digest in group["data"].items()}
        made = TokenizerStage({**group["spec"], **data})
        assert len(group["cases"]) > 10
        for case in group["cases"]:
            encoding = made.encode(case["text"])
            assert encoding.ids == case["ids"], name
            assert encoding.types == case["types"]
            assert [edge for span in encoding.spans for edge in span] == case["spans"]


@pytest.mark.parametrize("case", json.loads(VECTORS.read_text("utf-8"))["malformed"], ids=lambda case: case["message"])
def test_malformed_stages(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        TokenizerStage(case["stage"])
    assert str(caught.value) == case["message"]


def _word_level(**parts: Any) -> Tokenizer:
    made = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1, "b": 2}, unk_token="<unk>"))
    for name, part in parts.items():
        setattr(made, name, part)
    return made


REFUSED: dict[str, tuple[Any, str]] = {
    "scripts": (lambda: _word_level(pre_tokenizer=pre_tokenizers.UnicodeScripts()), "UnicodeScripts"),
    "possessive": (lambda: _word_level(pre_tokenizer=pre_tokenizers.Split(Regex("a++"), "isolated")), "possessive"),
    "reference": (lambda: _word_level(pre_tokenizer=pre_tokenizers.Split(Regex(r"(a)\1"), "isolated")), "cannot be"),
    "empty match": (lambda: _word_level(pre_tokenizer=pre_tokenizers.Split(Regex("a*"), "isolated")), "empty"),
    "ligature": (lambda: _word_level(normalizer=normalizers.Replace(Regex("(?i:st)"), "")), "ignores the case"),
    "dropout": (lambda: Tokenizer(models.BPE(vocab={"a": 0}, merges=[], dropout=0.5)), "dropout"),
    "no unk_id": (lambda: Tokenizer(models.Unigram([("a", 0.0)])), "unk_id"),
    "no unknown": (lambda: Tokenizer(models.WordLevel({"a": 0}, unk_token="<unk>")), "unknown token"),
    "pair": (
        lambda: _word_level(
            post_processor=processors.TemplateProcessing(single="$A $A", pair="$A $B", special_tokens=[])
        ),
        "repeats the string",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_tokenizers(name: str) -> None:
    make, part = REFUSED[name]
    with pytest.raises(PackError, match=part) as caught:
        stage_values(make())
    assert caught.value.code == "E340"


def test_added_tokens_with_every_flag() -> None:
    made = _word_level(pre_tokenizer=pre_tokenizers.WhitespaceSplit(), normalizer=normalizers.Lowercase())
    made.add_tokens(
        [
            AddedToken("Left", lstrip=True),
            AddedToken("right", rstrip=True, normalized=False),
            AddedToken("word", single_word=True),
            AddedToken("wo", normalized=False),
            AddedToken("x" * 3, lstrip=True, rstrip=True, normalized=False),
        ]
    )
    ours = TokenizerStage(stage_values(made))
    for text in (
        "a  left b",
        "a right  b",
        "LEFT\u3000left",
        "words word wor",
        "a xxx\t xxxx b",
        "right left",
        "_word -word-",
    ):
        assert not difference(made, ours, text)


def _contract(values: dict[str, Any]) -> Contract:
    return Contract(
        inputs=(Field(name="note", dtype="string", missing="allowed"),),
        outputs=(Output(name="value", kind="value", dtype="float64"),),
        task="regression",
        stages=(tokenizer_stage(0, values),),
    )


def test_tensors_of_a_contract() -> None:
    tokenizer = Tokenizer.from_str(built("bert").to_str())
    tokenizer.enable_padding(pad_id=0, direction="left")
    contract = _contract(stage_values(tokenizer))
    assert contract.requires == ("stage:tokenizer/1",)
    blobs = {digest: json.loads(body) for digest, body in contract.blobs.items()}
    read = Contract.from_json(contract.as_json(), lambda: blobs)
    rows = ["A short text", None, "字" * 100, "x" * 500]
    (piece,) = Stages.of(read).pieces(encode(read, {"note": rows}).tensors)
    expected = tokenizer.encode_batch([row or "" for row in rows])
    for name, attribute in (("input_ids", "ids"), ("attention_mask", "attention_mask"), ("token_type_ids", "type_ids")):
        assert piece[f"{name}0"].dtype == np.int64
        assert piece[f"{name}0"].tolist() == [getattr(row, attribute) for row in expected]


def test_rows_of_different_lengths_without_padding() -> None:
    contract = _contract(stage_values(built("words")))
    rows = ["a b", "c d", "e", "", "f"]
    pieces = list(Stages.of(contract).pieces(encode(contract, {"note": rows}).tensors))
    assert [piece["input_ids0"].shape for piece in pieces] == [(2, 2), (1, 1), (1, 0), (1, 1)]


def test_cut_texts_are_reported_or_refused() -> None:
    made = stage("bert")
    encoding = made.encode("a b " * 40 + "\u2603")
    assert encoding.cut == 59
    assert made.caution(encoding) == "59 of 81 tokens cut off and 1 of 81 tokens unknown to the model"
    assert made.caution(made.encode("a b")) == ""
    values = stage_values(built("bert"))
    values["truncation"]["refused"] = True
    contract = _contract(values)
    batch = encode(contract, {"note": ["a b", "a b " * 40, None]})
    checked = Stages.of(contract).checked(batch)
    assert checked.good.tolist() == [True, False, True]
    assert [(problem.row, problem.code) for problem in checked.problems] == [(2, "R120")]
    assert checked.problems[0].message == '"note" has 80 tokens, and the model reads at most 22.'


def test_a_megabyte_of_text() -> None:
    for kind in ("bert", "gpt2", "unigram-bytes"):
        text = "x" * 300_000 + " é" * 20_000
        assert not difference(built(kind), stage(kind), text)
    with pytest.raises(TooLongError):
        stage("bert").encode("x" * (MOST_CHARACTERS + 1))
    contract = _contract(stage_values(built("words")))
    with pytest.raises(SealError) as caught:
        list(Stages.of(contract).pieces(encode(contract, {"note": ["x" * (MOST_CHARACTERS + 1)]}).tensors))
    assert caught.value.code == "E207"


def test_unpaired_surrogates_are_refused_before_the_stage() -> None:
    contract = _contract(stage_values(built("words")))
    batch = encode(contract, {"note": ["a\ud800b"]})
    assert [problem.code for problem in batch.problems] == ["R102"]


def test_a_malformed_stage_in_a_contract() -> None:
    contract = _contract({"model": {}})
    with pytest.raises(ContractError) as caught:
        Stages.of(contract)
    assert caught.value.code == "E106"
