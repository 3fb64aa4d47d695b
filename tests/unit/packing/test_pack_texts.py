"""Nets on texts: packed with their tokenizer, proved against the library `tokenizers`, and predicted from strings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

import sealift
from sealift.errors import PackError
from text_nets import TEXTS, net
from token_texts import built

NATIVE = sealift.ProofOptions(engines=("native",))


class FastTokenizer:
    """The attributes of a fast tokenizer of `transformers`, which is not installed."""

    model_max_length = 16
    pad_token, pad_token_id, pad_token_type_id = "[PAD]", 0, 0
    padding_side = truncation_side = "right"

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.backend_tokenizer = tokenizer
        self._own = Tokenizer.from_str(tokenizer.to_str())
        self._own.no_padding()
        self._own.enable_truncation(self.model_max_length)

    def __call__(self, text: str, *, truncation: bool, **options: Any) -> dict[str, list[int]]:
        assert truncation
        assert options == {"return_attention_mask": True, "return_token_type_ids": True}
        encoding = self._own.encode(text)
        return {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }


def _bert(*, padded: bool = True) -> Tokenizer:
    tokenizer = Tokenizer.from_str(built("bert").to_str())
    if padded:
        tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    return tokenizer


def _pack(folder: Path, preprocess: Any, model: Any = None, X: Any = TEXTS, **options: Any) -> Any:
    model = net(built("bert").get_vocab_size(), **options) if model is None else model
    return sealift.pack(model, X, name="notes", output=folder / "notes.seal", preprocess=preprocess, proof=NATIVE)


def _expected(model: Any, tokenizer: Any, texts: list[str]) -> Any:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_inputs()]
    rows = []
    for text in texts:
        encoding = tokenizer.encode(text)
        fed = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        rows.append(session.run(["probabilities"], {name: np.array([fed[name]]) for name in names})[0][0])
    return np.array(rows)


MORE = ["The scan shows a nodule.", "", "knee " * 200, "\u4e2d\u6587 \U0001f600 na\u00efve", TEXTS[3]]


@pytest.mark.parametrize("options", [{"types": False}, {"only_ids": True}], ids=str)
def test_the_answers_are_those_of_the_tokenizer_and_the_net(tmp_path: Path, options: dict[str, Any]) -> None:
    result = _pack(tmp_path, _bert(padded="only_ids" not in options), **options)
    assert result.report.passed
    assert result.report.compared["text"] > 20
    sealed = result.load()
    model = net(built("bert").get_vocab_size(), **options)
    expected = _expected(model, _bert(padded=False), [*TEXTS, *MORE])
    assert np.abs(sealed.predict([*TEXTS, *MORE])["probability"] - expected).max() < 1e-6
    assert sealed.contract.inputs[0].name == "text"
    notes = sealed.notes(MORE)
    assert notes[0] == notes[1] == {}
    assert notes[2] == {"text": "778 of 800 tokens cut off"}
    table, out = tmp_path / "texts.csv", tmp_path / "answers.csv"
    table.write_text("text\n" + "\n".join(["The scan", "knee " * 200, "pain"]) + "\n", "utf-8")
    summary = sealift.score(sealed, table, out)
    (counted,) = summary.cautions
    assert (counted.noted, counted.notes) == (1, ["778 of 800 tokens cut off"])
    assert sealed.contract.requires == ("stage:tokenizer/1",)


def test_a_fast_tokenizer_and_files(tmp_path: Path) -> None:
    answers = _pack(tmp_path, FastTokenizer(_bert())).load().predict(MORE)["probability"]
    short = _bert(padded=False)
    short.enable_truncation(16)
    expected = _expected(net(built("bert").get_vocab_size()), short, MORE)
    assert np.abs(answers - expected).max() < 1e-6
    _bert().save(str(tmp_path / "tokenizer.json"))
    expected = _expected(net(built("bert").get_vocab_size()), _bert(padded=False), MORE)
    answers = _pack(tmp_path, str(tmp_path)).load().predict(MORE)["probability"]
    assert np.abs(answers - expected).max() < 1e-6


def test_a_tokenizer_and_a_net_that_do_not_fit(tmp_path: Path) -> None:
    model = net(built("bert").get_vocab_size())
    for node in model.graph.node:
        node.input[:] = ["position_ids" if name == "token_type_ids" else name for name in node.input]
    model.graph.input[2].name = "position_ids"
    with pytest.raises(PackError, match="'position_ids', which a tokenizer does not make") as caught:
        _pack(tmp_path, _bert(), model)
    assert caught.value.code == "E322"
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(PackError) as caught:
        _pack(tmp_path, tmp_path)
    assert caught.value.code == "E341"
    # A vocabulary that is larger than the net's embeddings.
    with pytest.raises(PackError):
        _pack(tmp_path, _bert(), net(20))


def test_doctor_examines_a_net_with_its_tokenizer() -> None:
    diagnosis = sealift.doctor(net(built("bert").get_vocab_size(), types=False), TEXTS, preprocess=_bert())
    assert diagnosis.agrees
    assert [step.name for step in diagnosis.steps] == ["preprocessing", "OnnxModel"]
    assert diagnosis.rows == len(TEXTS)
