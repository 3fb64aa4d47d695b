"""The nets of `bench.nets.speed`, with random weights: what is measured depends on their operations only."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

import sealift
from bench.nets.stand_in import torchvision_operators

SIDE = 224
_WORDS, _TOKENS = 30_522, 32


@dataclass(frozen=True)
class Net:
    """A net of a size that is in use.

    Attributes:
        name: its name.
        reads: what a row is.
        module: makes the module.
        variants: the methods of `sealift.optimize` that are measured, too.
    """

    name: str
    reads: Literal["picture", "text"]
    module: Callable[[], Any]
    variants: Sequence[str] = ("int8-weights", "int8-static")


class _UNet(nn.Module):  # type: ignore[misc] # torch is not typed here
    """The share of the pixels that are marked (Ronneberger et al. 2015, with 16 to 128 channels)."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 16, 32, 64, 128)
        self.down = nn.ModuleList(_twice(a, b) for a, b in pairwise(widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, a // 2, 2, 2) for a in widths[:1:-1])
        self.joined = nn.ModuleList(_twice(a, a // 2) for a in widths[:1:-1])
        self.head = nn.Conv2d(widths[1], 1, 1)

    def forward(self, x: Any) -> Any:
        """(N, 1)."""
        levels: list[Any] = []
        for layer in self.down:
            x = layer(x if not levels else nn.functional.max_pool2d(x, 2))
            levels.append(x)
        for up, joined, level in zip(self.up, self.joined, levels[-2::-1], strict=True):
            x = joined(torch.cat([up(x), level], 1))
        return self.head(x).sigmoid().mean((2, 3))


class _Encoder(nn.Module):  # type: ignore[misc]
    """Mean over the tokens, of unit length, as in all-MiniLM-L6-v2."""

    def __init__(self, transformer: Any) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        states = self.transformer(input_ids, attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        return nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1)


def _twice(given: int, made: int) -> nn.Sequential:
    layers = [(nn.Conv2d(a, made, 3, 1, 1, bias=False), nn.BatchNorm2d(made), nn.ReLU()) for a in (given, made)]
    return nn.Sequential(*(layer for three in layers for layer in three))


def _timm(name: str) -> Any:
    torchvision_operators()
    import timm

    return timm.create_model(name, num_classes=10)


def _minilm() -> Any:
    torchvision_operators()
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=_WORDS, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
    )
    return _Encoder(BertModel(config, add_pooling_layer=False))


NETS = (
    Net("MobileNetV2", "picture", lambda: _timm("mobilenetv2_100")),
    Net("ResNet-18", "picture", lambda: _timm("resnet18")),
    Net("ViT-tiny", "picture", lambda: _timm("vit_tiny_patch16_224"), ("int8-weights", "int8-dynamic")),
    Net("U-Net", "picture", _UNet),
    Net("MiniLM", "text", _minilm, ("int8-weights", "int8-dynamic")),
)


def settled(module: Any) -> Any:
    """The module in evaluation mode, without the zeros that timm gives to some normalisations, which would compress."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.weight, 0.5, 1.5)
    return module.eval()


def rows(net: Net, count: int) -> list[Any]:
    """JPEG files of the size of the net's pictures, or texts of 32 words, each a token."""
    random = np.random.default_rng(0)
    if net.reads == "text":
        return [" ".join(f"w{i}" for i in random.integers(2, _WORDS, _TOKENS)) for _ in range(count)]
    from PIL import Image

    files = []
    for small in random.integers(0, 256, (count, 14, 14, 3)).astype(np.uint8):
        with io.BytesIO() as file:
            Image.fromarray(small).resize((256, 256), Image.Resampling.BICUBIC).save(file, "JPEG")
            files.append(file.getvalue())
    return files


def options(net: Net) -> dict[str, Any]:
    """The arguments of `pack` beside the module and its rows."""
    if net.reads == "picture":
        named = {} if net.module is _UNet else {"class_names": [f"class {i}" for i in range(10)]}
        mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        return {"preprocess": sealift.Image(resize=(SIDE, SIDE), mean=mean, std=std), **named}
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocabulary = {"[PAD]": 0, "[UNK]": 1} | {f"w{i}": i for i in range(2, _WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    return {"preprocess": tokenizer, "outputs": sealift.Embedding()}
