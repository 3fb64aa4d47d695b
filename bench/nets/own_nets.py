"""Architectures written out: tables, sequences, segmentation, detection, autoencoders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bench.nets.case import RANDOM, ROWS, Case, images, masks, tokens


def _conv(given: int, made: int, step: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(given, made, 3, step, 1, bias=False), nn.BatchNorm2d(made), nn.SiLU())


class UNet(nn.Module):  # type: ignore[misc] # torch is not typed here
    """Logits of two classes for each pixel (Ronneberger et al. 2015)."""

    def __init__(self, transposed: bool) -> None:
        super().__init__()
        self.first, self.down, self.bottom = _conv(3, 8), _conv(8, 16, 2), _conv(16, 32, 2)
        self.up = nn.ModuleList(
            [nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)]
            if transposed
            else [nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), _conv(a, a // 2)) for a in (32, 16)]
        )
        self.joined, self.head = nn.ModuleList([_conv(32, 16), _conv(16, 8)]), nn.Conv2d(8, 2, 1)

    def forward(self, x: Any) -> Any:
        """(N, 2, height, width)."""
        one = self.first(x)
        two = self.down(one)
        x = self.joined[0](torch.cat([self.up[0](self.bottom(two)), two], 1))
        return self.head(self.joined[1](torch.cat([self.up[1](x), one], 1)))


class YoloLike(nn.Module):  # type: ignore[misc]
    """Boxes and scores of every cell of two grids, without anchors and without suppression."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.deeper = nn.Sequential(_conv(3, 8, 2), _conv(8, 16, 2), _conv(16, 32, 2)), _conv(32, 32, 2)
        self.heads = nn.ModuleList(nn.Conv2d(32, 4 + 3, 1) for _ in range(2))

    def forward(self, x: Any) -> Any:
        """Corners in pixels and scores of three classes, for each cell."""
        levels, boxes = [self.stem(x)], []
        levels.append(self.deeper(levels[0]))
        for level, head, step in zip(levels, self.heads, (8, 16), strict=True):
            raw = head(level)
            rows, columns = raw.shape[2:]
            grid = torch.stack(torch.meshgrid(torch.arange(columns), torch.arange(rows), indexing="xy"), -1)
            centre = (grid.reshape(1, -1, 2) + 0.5) * step
            flat = raw.flatten(2).transpose(1, 2)
            corners = torch.cat([centre - flat[..., :2].exp() * step, centre + flat[..., 2:4].exp() * step], -1)
            boxes.append(torch.cat([corners, flat[..., 4:].sigmoid()], -1))
        every = torch.cat(boxes, 1)
        return {"boxes": every[..., :4], "scores": every[..., 4:]}


class DetrLike(nn.Module):  # type: ignore[misc]
    """Boxes of learned queries (Carion et al. 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(_conv(3, 8, 2), _conv(8, 16, 2), _conv(16, 32, 2))
        self.transformer = nn.Transformer(32, 2, 1, 1, 64, batch_first=True)
        self.queries, self.places = nn.Parameter(torch.randn(6, 32)), nn.Parameter(torch.randn(64, 32))
        self.classes, self.boxes = nn.Linear(32, 4), nn.Linear(32, 4)

    def forward(self, x: Any) -> Any:
        """Logits of classes and boxes of each query."""
        seen = self.backbone(x).flatten(2).transpose(1, 2) + self.places
        decoded = self.transformer(seen, self.queries.expand(x.shape[0], -1, -1))
        return {"pred_logits": self.classes(decoded), "pred_boxes": self.boxes(decoded).sigmoid()}


class Recurrent(nn.Module):  # type: ignore[misc]
    """The last state of a recurrent layer over token ids."""

    def __init__(self, layer: type[nn.Module], **options: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 12)
        self.recurrent = layer(12, 10, batch_first=True, **options)
        self.head = nn.LazyLinear(3)

    def forward(self, tokens: Any) -> Any:
        """(N, 3)."""
        return self.head(self.recurrent(self.embedding(tokens))[0][:, -1])


class LastOfEach(nn.Module):  # type: ignore[misc]
    """The state at the last token of each row, whose lengths differ."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.recurrent = nn.Embedding(50, 12), nn.GRU(12, 10, batch_first=True)
        self.head = nn.Linear(10, 2)

    def forward(self, tokens: Any, mask: Any) -> Any:
        """(N, 2)."""
        states = self.recurrent(self.embedding(tokens))[0]
        last = (mask.sum(1) - 1)[:, None, None].expand(-1, 1, states.shape[2])
        return self.head(states.gather(1, last)[:, 0])


class Packed(LastOfEach):
    """The same with sequences packed by their lengths, which no graph can do."""

    def forward(self, tokens: Any, mask: Any) -> Any:
        """(N, 2)."""
        given = nn.utils.rnn.pack_padded_sequence(
            self.embedding(tokens), mask.sum(1), batch_first=True, enforce_sorted=False
        )
        return self.head(self.recurrent(given)[1][-1])


class Encoder(nn.Module):  # type: ignore[misc]
    """A transformer over token ids with a mask of the padding."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.places = nn.Embedding(50, 16), nn.Parameter(torch.randn(16, 16) * 0.1)
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 4)

    def forward(self, tokens: Any, mask: Any) -> Any:
        """(N, 4)."""
        x = self.encoder(self.embedding(tokens) + self.places, src_key_padding_mask=mask == 0)
        return self.head((x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))


class Temporal(nn.Module):  # type: ignore[misc]
    """Dilated causal convolutions over a signal."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(2 if not i else 8, 8, 3, dilation=2**i) for i in range(3))
        self.head = nn.Linear(8, 1)

    def forward(self, x: Any) -> Any:
        """(N, 1)."""
        for at, layer in enumerate(self.layers):
            x = functional.relu(layer(functional.pad(x, (2 * 2**at, 0))))
        return self.head(x[..., -1])


class AutoEncoder(nn.Module):  # type: ignore[misc]
    """The code of an image, its reconstruction and the error."""

    def __init__(self, variational: bool) -> None:
        super().__init__()
        self.encode = nn.Sequential(_conv(1, 8, 2), _conv(8, 8, 2), nn.Flatten(), nn.Linear(128, 12))
        self.decode = nn.Sequential(
            nn.Linear(6 if variational else 12, 128), nn.Unflatten(1, (8, 4, 4)), nn.ConvTranspose2d(8, 8, 4, 2, 1),
            nn.ReLU(), nn.ConvTranspose2d(8, 1, 4, 2, 1), nn.Sigmoid(),
        )  # fmt: skip
        self.variational = variational

    def forward(self, x: Any) -> Any:
        """The code, the picture and the error of each row."""
        code = self.encode(x)
        if self.variational:
            mean, spread = code.chunk(2, 1)
            code = mean + torch.randn_like(mean) * spread.exp() if self.training else mean
        picture = self.decode(code)
        return {"code": code, "picture": picture, "error": ((picture - x) ** 2).mean((1, 2, 3))}


class Noisy(AutoEncoder):
    """A variational one that draws random numbers in evaluation mode too."""

    def forward(self, x: Any) -> Any:
        """The code with noise."""
        return self.encode(x) + 0.1 * torch.randn_like(self.encode(x))


class TableTransformer(nn.Module):  # type: ignore[misc]
    """Attention over the columns of a table (FT-Transformer, Gorishniy et al. 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(8, 16)), nn.Parameter(torch.randn(8, 16))
        self.first = nn.Parameter(torch.randn(1, 1, 16))
        self.layer, self.head = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), nn.Linear(16, 1)

    def forward(self, x: Any) -> Any:
        """(N, 1)."""
        columns = x[..., None] * self.weight + self.bias
        return self.head(self.layer(torch.cat([self.first.expand(x.shape[0], -1, -1), columns], 1))[:, 0])


class TwoTowers(nn.Module):  # type: ignore[misc]
    """An image and a table, two results."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = nn.Sequential(_conv(1, 4, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.table, self.risk, self.stage = nn.Linear(3, 4), nn.Linear(8, 1), nn.Linear(8, 3)

    def forward(self, image: Any, table: Any) -> Any:
        """The risk, and probabilities of stages."""
        x = torch.cat([self.picture(image), torch.relu(self.table(table))], 1)
        return self.risk(x).sigmoid(), self.stage(x).softmax(1)


class Chosen(nn.Module):  # type: ignore[misc]
    """A branch that depends on values, as `torch.cond` states it."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(8, 4), nn.Linear(8, 4)

    def forward(self, x: Any) -> Any:
        """(N, 4)."""
        return torch.where(x.mean(1, keepdim=True) > 0, self.one(x), self.two(x))


class Branching(Chosen):
    """The same as an `if`, which a graph does not have."""

    def forward(self, x: Any) -> Any:
        """(N, 4)."""
        return self.one(x) if x.mean() > 0 else self.two(x)


def table(width: int = 8) -> Any:
    """Numbers (rows, width)."""
    return RANDOM.normal(size=(ROWS, width)).astype(np.float32)


def signals() -> Any:
    """Signals of two channels (rows, 2, 32)."""
    return RANDOM.normal(size=(ROWS, 2, 32)).astype(np.float32)


def _tokens() -> dict[str, Any]:
    return {"tokens": tokens(50)}


def _sequences() -> dict[str, Any]:
    return {"tokens": tokens(50), "mask": masks()}


_ROWS: list[tuple[str, str, Callable[[], Any], Callable[[], Any]]] = [
    ("MLP", "tables", lambda: nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1)), table),
    ("MLP, batch normalization, dropout", "tables", lambda: nn.Sequential(
        nn.Linear(8, 16), nn.BatchNorm1d(16), nn.SELU(), nn.Dropout(0.3), nn.Linear(16, 3), nn.Softmax(1)), table),
    ("MLP, group normalization, GLU", "tables", lambda: nn.Sequential(
        nn.Linear(8, 32), nn.GroupNorm(4, 32), nn.GLU(), nn.Mish(), nn.Linear(16, 1)), table),
    ("MLP, float64", "tables", lambda: nn.Sequential(nn.Linear(8, 16), nn.Mish(), nn.Linear(16, 1)).double(), table),
    ("FT-Transformer", "tables", TableTransformer, table),
    ("torch.where", "tables", Chosen, table),
    ("if on values", "tables", Branching, table),
    ("RNN", "sequences", lambda: Recurrent(nn.RNN), lambda: {"tokens": tokens(50)}),
    ("GRU, two layers", "sequences", lambda: Recurrent(nn.GRU, num_layers=2), lambda: {"tokens": tokens(50)}),
    ("LSTM, both directions", "sequences", lambda: Recurrent(nn.LSTM, bidirectional=True), _tokens),
    ("GRU at the last token", "sequences", LastOfEach, _sequences),
    ("GRU, packed sequences", "sequences", Packed, _sequences),
    ("TransformerEncoder", "sequences", Encoder, _sequences),
    ("TCN", "sequences", Temporal, signals),
    ("U-Net", "segmentation", lambda: UNet(transposed=True), lambda: images(32)),
    ("U-Net, bilinear", "segmentation", lambda: UNet(transposed=False), lambda: images(32)),
    ("YOLO-like", "detection", YoloLike, images),
    ("DETR-like", "detection", DetrLike, images),
    ("autoencoder", "autoencoders", lambda: AutoEncoder(variational=False), lambda: images(16, 1)),
    ("variational autoencoder", "autoencoders", lambda: AutoEncoder(variational=True), lambda: images(16, 1)),
    ("autoencoder with noise", "autoencoders", lambda: Noisy(variational=False), lambda: images(16, 1)),
    ("image and table", "several inputs", TwoTowers, lambda: (images(16, 1), table(3))),
]  # fmt: skip

CASES = [Case(name, group, lambda net=net, rows=rows: (net(), rows())) for name, group, net, rows in _ROWS]  # type: ignore[misc]
