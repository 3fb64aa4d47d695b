"""Small models of `transformers` with random weights, with their tokenizers and image processors; nothing is loaded."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import transformers
from bench.nets.stand_in import torchvision_operators
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

torchvision_operators()  # which transformers and timm import when they are used

WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] anna weber ##sen ##s takes aspir ##in 100 mg daily no pain after the surgery . ,"
)
TEXTS = [
    "Anna Webersen takes aspirin 100 mg daily.",
    "No pain after the surgery",
    "",
    "WEBERS, Anna: \u00e4 \U0001f600 aspirin",
    "anna " * 60,
    "100 mg",
]
_TEXT = {
    "vocab_size": len(WORDS.split()), "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 64, "max_position_embeddings": 40,
}  # fmt: skip
_PICTURE = {
    "image_size": 32, "patch_size": 8, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 64,
}  # fmt: skip
LABELS = {0: "routine", 1: "urgent", 2: "unclear"}
TAGS = {0: "O", 1: "B-PER", 2: "I-PER", 3: "B-DRUG", 4: "I-DRUG"}


def tokenizer(longest: int | None = 24) -> Any:
    """A fast WordPiece tokenizer with the template of BERT."""
    words = WORDS.split()
    made = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    limit = {} if longest is None else {"model_max_length": longest}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_input_names=["input_ids", "token_type_ids", "attention_mask"], **limit,
    )  # fmt: skip


def seeded(kind: str, config: Any, scale: float = 6.0) -> Any:
    """A model whose weights are larger than at initialisation, so that its answers differ."""
    torch.manual_seed(0)
    model = getattr(transformers, kind)(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(scale)
    return model


def text_model(task: str, labels: dict[int, str], **options: Any) -> Any:
    """A model of the kind of BERT for a task."""
    config = transformers.BertConfig(**_TEXT, id2label=labels, label2id={b: a for a, b in labels.items()}, **options)
    return seeded(f"BertFor{task}", config)


def image_processor(kind: str = "ViTImageProcessor", **options: Any) -> Any:
    """An image processor that computes with Pillow."""
    return getattr(transformers, f"{kind}Pil")(**{"size": {"height": 32, "width": 32}, **options})


def image_model(kind: str, labels: dict[int, str], **options: Any) -> Any:
    """A vision transformer for a task."""
    config = getattr(transformers, f"{kind.partition('For')[0]}Config")(
        **{**_PICTURE, **options}, id2label=labels, label2id={b: a for a, b in labels.items()}
    )
    return seeded(kind, config)


def pictures() -> list[Any]:
    """Pictures of several sizes."""
    random = np.random.default_rng(0)
    sizes = [(40, 60), (64, 64), (90, 50), (33, 35), (120, 80), (50, 50)]
    return [
        Image.fromarray(random.integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)).resize((width, height))
        for height, width in sizes
    ]
