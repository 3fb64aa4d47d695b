"""A small sealed tagger: it labels names, places and doses in texts by the words alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

import sealift

NAMES = ("O", "B-PER", "I-PER", "B-DRUG", "B-DOSE", "I-DOSE")
# The class of each token; all others are O.
_CLASSES = {"anna": 1, "weber": 2, "##sen": 2, "kurt": 1, "aspir": 3, "##in": 3, "ibuprofen": 3, "100": 4, "20": 4,
            "mg": 5, "daily": 5}  # fmt: skip
_OTHERS = ["dr", ".", ",", "takes", "and", "the", "patient", "\U0001f600", "for", "pain", "was", "given", "after", "no"]
TEXT = "Patient Anna Webersen takes aspirin 100 mg daily \U0001f600, Kurt ibuprofen 20 mg for pain."
TEXTS = [
    TEXT,
    "No pain after surgery.",
    "Dr. Kurt Weber was given aspirin.",
    "The patient takes 20 mg daily",
    "Anna, Anna",
]


def tokenizer() -> Tokenizer:
    """A WordPiece tokenizer of these words."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *_CLASSES, *dict.fromkeys(_OTHERS)]
    made = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.enable_padding(pad_id=0, pad_token="[PAD]")
    made.enable_truncation(40)
    return made


def tagger(given: Tokenizer) -> onnx.ModelProto:
    """A net whose logits (rows, tokens, classes) depend on the token alone."""
    size = given.get_vocab_size()
    weights = np.random.default_rng(0).normal(scale=0.3, size=(size, len(NAMES))).astype(np.float32)
    for number in range(size):
        weights[number, _CLASSES.get(str(given.id_to_token(number)), 0)] += 4
    body = helper.make_graph(
        [helper.make_node("Gather", ["weights", "input_ids"], ["logits"])],
        "tagger",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["n", "length"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", "length", len(NAMES)])],
        [numpy_helper.from_array(weights, "weights")],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write(path: Path) -> Path:
    """Write the sealed tagger."""
    given = tokenizer()
    sealift.pack(
        tagger(given), TEXTS, name="drugs", output=path, preprocess=given,
        outputs=sealift.TokenLabels(NAMES, "first"), proof=sealift.ProofOptions(engines=("native", "wasm")),
    )  # fmt: skip
    return path
