"""Architectures of Hugging Face's transformers, from small configurations."""

from __future__ import annotations

from functools import partial
from typing import Any

from bench.nets.case import Case, images, masks, tokens
from bench.nets.stand_in import torchvision_operators

_TEXT = {
    "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "max_position_embeddings": 40, "num_labels": 3,
}  # fmt: skip
_DISTIL = {"vocab_size": 60, "dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 40}
_PICTURE = {
    "image_size": 32, "patch_size": 8, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 64, "num_labels": 3,
}  # fmt: skip
# The class without "Config" or "For…", the task's suffix, its configuration, whether it takes text.
_MODELS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("Bert", "ForSequenceClassification", _TEXT, True),
    ("Bert", "ForTokenClassification", _TEXT, True),
    ("Bert", "Model", _TEXT, True),
    ("Roberta", "ForSequenceClassification", _TEXT, True),
    ("DistilBert", "ForSequenceClassification", _DISTIL, True),
    ("Albert", "ForSequenceClassification", {**_TEXT, "embedding_size": 16}, True),
    ("Electra", "ForSequenceClassification", {**_TEXT, "embedding_size": 16}, True),
    ("MPNet", "Model", _TEXT, True),
    ("DebertaV2", "ForSequenceClassification", _TEXT, True),
    ("XLMRoberta", "ForTokenClassification", _TEXT, True),
    ("ModernBert", "ForSequenceClassification", {**_TEXT, "pad_token_id": 0}, True),
    ("ViT", "ForImageClassification", _PICTURE, False),
    ("DeiT", "ForImageClassification", _PICTURE, False),
    ("Dinov2", "ForImageClassification", {**_PICTURE, "mlp_ratio": 2}, False),
    ("ConvNext", "ForImageClassification", {
        "hidden_sizes": [8, 16, 16, 32], "depths": [1, 1, 1, 1], "num_labels": 3}, False),
    ("ResNet", "ForImageClassification", {
        "embedding_size": 8, "hidden_sizes": [8, 16, 16, 32], "depths": [1, 1, 1, 1], "layer_type": "basic",
        "num_labels": 3}, False),
    ("Swin", "ForImageClassification", {
        "image_size": 32, "patch_size": 2, "embed_dim": 16, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4,
        "num_labels": 3}, False),
    ("Segformer", "ForSemanticSegmentation", {
        "hidden_sizes": [8, 16, 16, 32], "depths": [1, 1, 1, 1], "decoder_hidden_size": 16, "num_labels": 3,
        "num_attention_heads": [1, 2, 2, 4]}, False),
    ("Yolos", "ForObjectDetection", {**_PICTURE, "image_size": [32, 32], "num_detection_tokens": 5}, False),
]  # fmt: skip


def _model(name: str, task: str, options: dict[str, Any], text: bool) -> tuple[Any, Any]:
    torchvision_operators()
    import transformers

    config = getattr(transformers, f"{name}Config")(**options)
    model = getattr(transformers, f"{name}{task}")(config)
    return model, {"input_ids": tokens(60), "attention_mask": masks()} if text else {"pixel_values": images(32)}


CASES = [
    Case(f"{name}{task}", "transformers", partial(_model, name, task, options, text))
    for name, task, options, text in _MODELS
]
