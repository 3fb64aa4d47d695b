"""Models of JAX: functions, modules of Flax (NNX and Linen) and Equinox."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen, nnx

from bench.nets.case import RANDOM, ROWS, Case, images, masks, tokens

_STEPS = 3


def _fitted(call: Callable[..., Any], weights: Any, rows: Any) -> Any:
    """Weights after three steps towards random targets; `call(weights, *arrays)` gives the results."""
    arrays = [jnp.asarray(part) for part in (rows.values() if isinstance(rows, dict) else [rows])]
    shapes = jax.tree.leaves(jax.eval_shape(call, weights, *arrays))
    targets = [jnp.asarray(RANDOM.normal(size=shape.shape), jnp.float32) for shape in shapes]

    def loss(given: Any) -> Any:
        results = jax.tree.leaves(call(given, *arrays))
        return sum(jnp.mean((result - target) ** 2) for result, target in zip(results, targets, strict=True))

    optimizer = optax.adam(1e-2)
    state, gradient = optimizer.init(weights), jax.jit(jax.grad(loss))
    for _ in range(_STEPS):
        updates, state = optimizer.update(gradient(weights), state)
        weights = optax.apply_updates(weights, updates)
    return weights


def _function(apply: Callable[..., Any], shapes: dict[str, tuple[int, ...]], rows: Any) -> tuple[Any, Any]:
    weights = {
        name: jnp.asarray(RANDOM.normal(size=shape) / max(1, shape[0]) ** 0.5, jnp.float32)
        for name, shape in shapes.items()
    }
    return jax.jit(partial(apply, _fitted(apply, weights, rows))), rows


def _linen(module: Any, rows: Any) -> tuple[Any, Any]:
    arrays = list(rows.values()) if isinstance(rows, dict) else [rows]
    variables = module.init(jax.random.key(0), *(jnp.asarray(array[:2]) for array in arrays))
    others = {name: part for name, part in variables.items() if name != "params"}
    if "batch_stats" in others:  # statistics that are not initial
        others["batch_stats"] = jax.tree.map(lambda s: s + 0.1 + 0.1 * jnp.abs(s), others["batch_stats"])
    trained = _fitted(lambda p, *given: module.apply({"params": p, **others}, *given), variables["params"], rows)
    return module.bind({"params": trained, **others}), rows


def _nnx(module: Any, rows: Any) -> tuple[Any, Any]:
    module.train()
    module(jnp.asarray(rows))  # the statistics of normalisations
    module.eval()
    graph, weights, rest = nnx.split(module, nnx.Param, ...)
    trained = _fitted(lambda w, x: nnx.merge(graph, w, rest)(x), weights, rows)
    nnx.update(module, trained)
    return module, rows


def _mlp(w: Any, x: Any) -> Any:
    return jax.nn.gelu(jax.nn.silu(x @ w["a"]) @ w["b"]) @ w["c"]


def _gru(w: Any, x: Any) -> Any:
    """A gated recurrent unit, step by step with `lax.scan` (Cho et al. 2014)."""

    def step(state: Any, row: Any) -> tuple[Any, Any]:
        both = jnp.concatenate([row, state], -1)
        update, reset = jnp.split(jax.nn.sigmoid(both @ w["gates"]), 2, axis=-1)
        new = jnp.tanh(jnp.concatenate([row, reset * state], -1) @ w["new"])
        state = update * state + (1 - update) * new
        return state, state

    last, every = jax.lax.scan(step, jnp.zeros((x.shape[0], 8)), jnp.swapaxes(x, 0, 1))
    return jnp.concatenate([last, every.mean(0)], -1) @ w["head"]


def _attention(w: Any, x: Any) -> Any:
    """Causal attention by `jax.nn.dot_product_attention`, with rotary positions (Su et al. 2021)."""
    query, key, value = jnp.split(jnp.einsum("bti,ijk->btjk", x, w["qkv"]), 3, axis=2)
    angles = jnp.arange(x.shape[1])[:, None, None] * 10.0 ** -jnp.arange(4.0)

    def turned(z: Any) -> Any:
        (a, b), cos, sin = jnp.split(z, 2, axis=-1), jnp.cos(angles), jnp.sin(angles)
        return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], -1)

    mixed = jax.nn.dot_product_attention(turned(query), turned(key), value, is_causal=True)
    return mixed.reshape(*mixed.shape[:2], -1)[:, -1] @ w["head"]


class _Cnn(nnx.Module):  # type: ignore[misc] # Flax is not typed here
    def __init__(self, rngs: Any) -> None:
        self.first, self.norm = nnx.Conv(3, 8, (3, 3), strides=2, rngs=rngs), nnx.BatchNorm(8, rngs=rngs)
        self.second, self.dropout = nnx.Conv(8, 12, (3, 3), rngs=rngs), nnx.Dropout(0.2, rngs=rngs)
        self.head = nnx.Linear(12, 3, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = nnx.max_pool(nnx.relu(self.norm(self.first(x))), (3, 3), (2, 2), "SAME")
        return self.head(self.dropout(nnx.avg_pool(nnx.relu(self.second(x)), (2, 2), (2, 2)).mean((1, 2))))


class _Vit(nnx.Module):  # type: ignore[misc]
    """A vision transformer (Dosovitskiy et al. 2020): patches, a class token, positions and two blocks."""

    def __init__(self, rngs: Any) -> None:
        self.patches = nnx.Conv(3, 16, (8, 8), strides=8, padding="VALID", rngs=rngs)
        self.token = nnx.Param(jnp.zeros((1, 1, 16)))
        self.places = nnx.Param(nnx.initializers.normal(0.1)(rngs.params(), (1, 10, 16)))
        self.norms = nnx.List([nnx.LayerNorm(16, rngs=rngs) for _ in range(5)])
        self.mixing = nnx.List([nnx.MultiHeadAttention(2, 16, decode=False, rngs=rngs) for _ in range(2)])
        self.up = nnx.List([nnx.Linear(16, 32, rngs=rngs) for _ in range(2)])
        self.down = nnx.List([nnx.Linear(32, 16, rngs=rngs) for _ in range(2)])
        self.head = nnx.Linear(16, 3, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = self.patches(x).reshape(x.shape[0], -1, 16)
        token = jnp.broadcast_to(self.token[...], (x.shape[0], 1, 16))
        x = jnp.concatenate([token, x], 1) + self.places[...]
        for at in range(2):
            x = x + self.mixing[at](self.norms[2 * at](x))
            x = x + self.down[at](nnx.gelu(self.up[at](self.norms[2 * at + 1](x))))
        return self.head(self.norms[4](x)[:, 0])


class _Residual(linen.Module):  # type: ignore[misc]
    """Two residual blocks, the second with a stride (He et al. 2015)."""

    @linen.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        x = linen.Conv(8, (7, 7), strides=2, use_bias=False)(x)
        for width, step in ((8, 1), (16, 2)):
            norm = partial(linen.BatchNorm, use_running_average=True)
            y = linen.relu(norm()(linen.Conv(width, (3, 3), strides=step, use_bias=False)(x)))
            y = norm()(linen.Conv(width, (3, 3), use_bias=False)(y))
            x = linen.relu(y + (x if x.shape == y.shape else linen.Conv(width, (1, 1), strides=step)(x)))
        return linen.Dense(3)(x.mean((1, 2)))


class _Mixer(linen.Module):  # type: ignore[misc]
    """An MLP-Mixer (Tolstikhin et al. 2021)."""

    @linen.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        x = linen.Conv(12, (8, 8), strides=8)(x)
        x = x.reshape(x.shape[0], -1, 12)
        for _ in range(2):
            y = jnp.swapaxes(linen.LayerNorm()(x), 1, 2)
            x = x + jnp.swapaxes(linen.Dense(x.shape[1])(linen.gelu(linen.Dense(16)(y))), 1, 2)
            x = x + linen.Dense(12)(linen.gelu(linen.Dense(24)(linen.LayerNorm()(x))))
        return linen.Dense(3)(x.mean(1))


class _UNet(linen.Module):  # type: ignore[misc]
    """Logits of two classes for each pixel (Ronneberger et al. 2015)."""

    @linen.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        top = linen.silu(linen.GroupNorm(4, use_fast_variance=False)(linen.Conv(8, (3, 3))(x)))
        low = linen.silu(linen.Conv(16, (3, 3))(linen.max_pool(top, (2, 2), (2, 2))))
        up = jax.image.resize(low, (low.shape[0], 2 * low.shape[1], 2 * low.shape[2], 16), "bilinear")
        return linen.Conv(2, (1, 1))(linen.silu(linen.Conv(8, (3, 3))(jnp.concatenate([top, up], -1))))


class _Autoencoder(linen.Module):  # type: ignore[misc]
    """The embedding and the picture that is made of it."""

    @linen.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        code = linen.relu(linen.Conv(8, (3, 3), strides=2)(x))
        code = linen.Dense(6)(code.reshape(code.shape[0], -1))
        y = linen.relu(linen.Dense(12 * 12 * 4)(code)).reshape(-1, 12, 12, 4)
        return {"embedding": code, "picture": linen.ConvTranspose(3, (3, 3), strides=(2, 2))(y)}


class _Lstm(linen.Module):  # type: ignore[misc]
    @linen.compact  # type: ignore[untyped-decorator]
    def __call__(self, ids: Any) -> Any:
        x = linen.Embed(30, 8)(ids)
        x = linen.Bidirectional(linen.RNN(linen.LSTMCell(6)), linen.RNN(linen.LSTMCell(6)))(x)
        return linen.Dense(2)(x[:, -1])


class _Encoder(linen.Module):  # type: ignore[misc]
    """A transformer for texts with padding."""

    @linen.compact  # type: ignore[untyped-decorator]
    def __call__(self, input_ids: Any, attention_mask: Any) -> Any:
        x = linen.Embed(50, 16)(input_ids) + linen.Embed(16, 16)(jnp.arange(input_ids.shape[1]))
        mask = linen.make_attention_mask(attention_mask > 0, attention_mask > 0)
        for _ in range(2):
            y = linen.LayerNorm()(x)
            x = x + linen.MultiHeadDotProductAttention(2, deterministic=True)(y, mask=mask)
            x = x + linen.Dense(16)(linen.gelu(linen.Dense(32)(linen.RMSNorm()(x))))
        weight = attention_mask[..., None].astype(x.dtype)
        return (x * weight).sum(1) / weight.sum(1)


def _pictures(size: int = 24) -> Any:
    return images(size).transpose(0, 2, 3, 1).copy()


def _table() -> Any:
    return RANDOM.normal(size=(ROWS, 6)).astype(np.float32)


def _series() -> Any:
    return RANDOM.normal(size=(ROWS, 8, 6)).astype(np.float32)


def _equinox() -> tuple[Any, Any]:
    import equinox

    rows = _table()
    net = equinox.nn.MLP(6, 2, 16, 2, key=jax.random.key(0))
    weights, rest = equinox.partition(net, equinox.is_array)
    trained = _fitted(lambda w, x: jax.vmap(equinox.combine(w, rest))(x), weights, rows)
    return jax.vmap(equinox.combine(trained, rest)), rows


_GATES: dict[str, tuple[int, ...]] = {"gates": (14, 16), "new": (14, 8), "head": (16, 2)}
_MODELS: list[tuple[str, Callable[[], tuple[Any, Any]]]] = [
    ("MLP, function", lambda: _function(_mlp, {"a": (6, 16), "b": (16, 8), "c": (8, 2)}, _table())),
    ("GRU by lax.scan, function", lambda: _function(_gru, _GATES, _series())),
    ("causal attention, function", lambda: _function(_attention, {"qkv": (6, 6, 8), "head": (16, 2)}, _series())),
    ("CNN, Flax NNX", lambda: _nnx(_Cnn(nnx.Rngs(0)), _pictures())),
    ("ViT, Flax NNX", lambda: _nnx(_Vit(nnx.Rngs(0)), _pictures())),
    ("ResNet, Flax Linen", lambda: _linen(_Residual(), _pictures())),
    ("MLP-Mixer, Flax Linen", lambda: _linen(_Mixer(), _pictures())),
    ("U-Net, Flax Linen", lambda: _linen(_UNet(), _pictures())),
    ("autoencoder, Flax Linen", lambda: _linen(_Autoencoder(), _pictures())),
    ("bidirectional LSTM, Flax Linen", lambda: _linen(_Lstm(), tokens(30, 8))),
    (
        "transformer encoder, Flax Linen",
        lambda: _linen(_Encoder(), {"input_ids": tokens(50), "attention_mask": masks()}),
    ),
    ("MLP, Equinox", _equinox),
]
CASES = [Case(name, "JAX", make, trained=True) for name, make in _MODELS]
