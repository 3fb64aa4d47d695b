"""Modules of Flax, Equinox and Keras packed, against the libraries themselves."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed: make test-jax")
pytest.importorskip("flax", reason="Flax is not installed: make test-jax")
import jax.numpy as jnp  # noqa: E402
from flax import linen, nnx  # noqa: E402
from jax_comparison import packed  # noqa: E402

from packs import no_node  # noqa: E402, F401 - a fixture

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(size=(32, 12, 12, 3)).astype(np.float32)
SERIES = RANDOM.normal(size=(32, 8, 6)).astype(np.float32)
KEY = jax.random.key(0)
pytestmark = pytest.mark.usefixtures("no_node")


class Cnn(nnx.Module):  # type: ignore[misc] # Flax is not typed here
    def __init__(self, rngs: Any) -> None:
        self.conv = nnx.Conv(3, 8, (3, 3), strides=2, rngs=rngs)
        self.norm = nnx.BatchNorm(8, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)
        self.head = nnx.Linear(8, 4, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = nnx.max_pool(nnx.relu(self.norm(self.conv(x))), (2, 2), (2, 2), padding="SAME")
        return nnx.softmax(self.head(self.dropout(x.mean((1, 2)))))


class Block(nnx.Module):  # type: ignore[misc]
    """A transformer block with class tokens, and the class and the embedding as outputs."""

    def __init__(self, rngs: Any) -> None:
        self.embed = nnx.Linear(6, 16, rngs=rngs)
        self.norm = nnx.LayerNorm(16, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(4, 16, decode=False, rngs=rngs)
        self.hidden = nnx.Linear(16, 3, rngs=rngs)
        self.token = nnx.Param(jnp.ones((1, 1, 16)) * 0.3)

    def __call__(self, x: Any) -> Any:
        x = self.embed(x)
        x = jnp.concatenate([jnp.broadcast_to(self.token[...], (x.shape[0], 1, 16)), x], axis=1)
        x = x + self.attention(self.norm(x))
        return {"logits": self.hidden(x[:, 0]), "embedding": x.mean(1)}


class Recurrent(nnx.Module):  # type: ignore[misc]
    def __init__(self, rngs: Any) -> None:
        self.layer = nnx.RNN(nnx.GRUCell(6, 8, rngs=rngs))
        self.head = nnx.Linear(8, 2, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.head(self.layer(x)[:, -1])


@pytest.mark.parametrize(("kind", "rows"), [(Cnn, IMAGES), (Block, SERIES), (Recurrent, SERIES)])
def test_modules_of_nnx(kind: Any, rows: Any, tmp_path: Path) -> None:
    module = kind(nnx.Rngs(0))
    if kind is Cnn:
        module.train()
        module(jnp.asarray(rows * 2 + 1))  # in place of training: the statistics of batch normalization
    module.eval()
    packed(module, rows, tmp_path)


class UNet(linen.Module):  # type: ignore[misc]
    @linen.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any, train: bool = False) -> Any:
        top = linen.relu(linen.BatchNorm(use_running_average=not train)(linen.Conv(6, (3, 3))(x)))
        low = linen.relu(linen.Conv(8, (3, 3), feature_group_count=2)(linen.avg_pool(top, (2, 2), (2, 2))))
        up = linen.ConvTranspose(6, (3, 3), strides=(2, 2))(low)
        resized = jax.image.resize(low, (low.shape[0], 12, 12, 8), "bilinear")
        joined = jnp.concatenate([top, up, resized], axis=-1)
        return linen.Dropout(0.3, deterministic=not train)(linen.sigmoid(linen.Conv(1, (1, 1))(joined)))


class Encoder(linen.Module):  # type: ignore[misc]
    @linen.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        x = linen.Dense(16)(x)
        y = linen.LayerNorm()(x)
        x = x + linen.MultiHeadDotProductAttention(num_heads=2, deterministic=True)(y, y)
        x = x + linen.Dense(16)(linen.gelu(linen.Dense(24)(linen.GroupNorm(4)(x))))
        return linen.RNN(linen.LSTMCell(5))(x)[:, -1]


@pytest.mark.parametrize(("kind", "rows"), [(UNet, IMAGES), (Encoder, SERIES)])
def test_modules_of_linen(kind: Any, rows: Any, tmp_path: Path) -> None:
    module = kind()
    variables = module.init(KEY, rows[:1])
    packed(module.bind(variables), rows, tmp_path)
    if kind is UNet:
        packed(functools.partial(module.apply, variables, train=False), rows, tmp_path)


def test_modules_of_equinox(tmp_path: Path) -> None:
    equinox = pytest.importorskip("equinox", reason="Equinox is not installed: make test-jax")
    model = jax.vmap(equinox.nn.MLP(6, 3, 8, 2, key=KEY))
    packed(model, SERIES[:, 0], tmp_path)
    # A module whose own call takes all rows.

    class Whole(equinox.Module):  # type: ignore[misc, name-defined]
        inner: Any

        def __call__(self, x: Any) -> Any:
            return jax.vmap(self.inner)(x)

    packed(Whole(equinox.nn.Linear(6, 2, key=KEY)), SERIES[:, 0], tmp_path)
