"""Encoders of sentence-transformers: the vectors of the sealed file are those of `encode`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("small_models", reason="transformers is not installed: make test-torch")
pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed: make test-torch")

import numpy as np
import transformers
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules as parts
from small_models import TEXTS, seeded, tokenizer

import sealift
from sealift.errors import PackError

NATIVE = sealift.ProofOptions(engines=("native",))


def encoder(folder: Path, config: Any, kind: str, *, pooling: str, longest: int, unit: bool) -> Any:
    """A small encoder with random weights."""
    own = tokenizer()
    own.save_pretrained(folder / "net")
    seeded(kind, config).save_pretrained(folder / "net")
    modules = [parts.Transformer(str(folder / "net"), max_seq_length=longest)]
    modules.append(parts.Pooling(modules[0].get_embedding_dimension(), pooling_mode=pooling))
    return SentenceTransformer(modules=modules + [parts.Normalize()] * unit, device="cpu").eval()


def small(**options: Any) -> dict[str, Any]:
    """The sizes of a small net."""
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    return {"vocab_size": len(tokenizer().get_vocab()), "max_position_embeddings": 32, **sizes, **options}


@pytest.mark.parametrize(("pooling", "unit"), [("mean", True), ("cls", False), ("max", False)])
def test_vectors_of_bert(pooling: str, unit: bool, tmp_path: Path) -> None:
    model = encoder(tmp_path, transformers.BertConfig(**small()), "BertModel", pooling=pooling, longest=12, unit=unit)
    texts = [text for text in TEXTS if text]
    sealed = sealift.pack(model, texts, name="m", output=tmp_path / "m.seal", proof=NATIVE).load()
    np.testing.assert_allclose(sealed.predict(texts)["features"], model.encode(texts), atol=1e-5)
    assert any("tokens cut off" in note.get("text", "") for note in sealed.notes(texts))


def test_vectors_of_a_net_without_segments(tmp_path: Path) -> None:
    config = transformers.DistilBertConfig(vocab_size=len(tokenizer().get_vocab()), dim=16, n_layers=1, n_heads=2)
    model = encoder(tmp_path, config, "DistilBertModel", pooling="mean", longest=16, unit=True)
    model.tokenizer.model_input_names = ["input_ids", "attention_mask"]
    texts = [text for text in TEXTS if text]
    sealed = sealift.pack(model, texts, name="m", output=tmp_path / "m.seal", proof=NATIVE).load()
    np.testing.assert_allclose(sealed.predict(texts)["features"], model.encode(texts), atol=1e-5)


def test_a_prompt_is_refused(tmp_path: Path) -> None:
    config = transformers.BertConfig(**small())
    model = encoder(tmp_path, config, "BertModel", pooling="mean", longest=12, unit=False)
    model.prompts, model.default_prompt_name = {"query": "query: "}, "query"
    with pytest.raises(PackError, match="puts the prompt 'query' before each text") as caught:
        sealift.pack(model, TEXTS, name="m", output=tmp_path / "m.seal")
    assert caught.value.code == "E325"
