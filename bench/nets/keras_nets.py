"""Models of Keras 3, with its backend PyTorch, or JAX where the variable KERAS_BACKEND states it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from bench.nets.case import RANDOM, ROWS, Case, images, tokens


def _trained(build: Callable[[Any, Any], Any], rows: Callable[[], Any]) -> tuple[Any, Any]:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    model, X = build(keras, keras.layers), rows()
    model.compile(optimizer="adam", loss="mse")
    answers = model.predict(X, verbose=0)
    model.fit(X, RANDOM.normal(size=answers.shape), epochs=1, batch_size=8, verbose=0)
    return model, X


def _mlp(keras: Any, layers: Any) -> Any:
    return keras.Sequential(
        [
            layers.Input((6,)),
            layers.Dense(12, "gelu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(2),
        ]
    )


def _cnn(keras: Any, layers: Any) -> Any:
    return keras.Sequential(
        [
            layers.Input((24, 24, 3)), layers.Rescaling(0.5), layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(), layers.MaxPooling2D(), layers.SeparableConv2D(8, 3, padding="same"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, "softmax"),
        ]
    )  # fmt: skip


def _residual(keras: Any, layers: Any) -> Any:
    start = layers.Input((24, 24, 3))
    x = layers.Conv2D(8, 3, padding="same")(start)
    x = layers.Add()([x, layers.Activation("swish")(layers.DepthwiseConv2D(3, padding="same")(x))])
    return keras.Model(start, layers.Dense(2)(layers.Flatten()(layers.AveragePooling2D(4)(x))))


def _recurrent(name: str) -> Callable[[Any, Any], Any]:
    def build(keras: Any, layers: Any) -> Any:
        inner = getattr(layers, name)(6)
        return keras.Sequential([layers.Input((8,), dtype="int32"), layers.Embedding(30, 8), inner, layers.Dense(1)])

    return build


def _attention(keras: Any, layers: Any) -> Any:
    start = layers.Input((8,), dtype="int32")
    x = layers.Embedding(30, 8)(start)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    return keras.Model(start, layers.Dense(3)(layers.GlobalMaxPooling1D()(x)))


def _table() -> Any:
    return RANDOM.normal(size=(ROWS, 6)).astype("float32")


def _pictures() -> Any:
    return images(24).transpose(0, 2, 3, 1).copy()


def _ids() -> Any:
    return tokens(30, 8)


_MODELS: list[tuple[str, Callable[[Any, Any], Any], Callable[[], Any]]] = [
    ("MLP", _mlp, _table),
    ("CNN", _cnn, _pictures),
    ("residual CNN", _residual, _pictures),
    ("LSTM", _recurrent("LSTM"), _ids),
    ("GRU", _recurrent("GRU"), _ids),
    ("MultiHeadAttention", _attention, _ids),
]
_GROUP = "Keras with JAX" if os.environ.get("KERAS_BACKEND") == "jax" else "Keras"
CASES = [
    Case(name, _GROUP, lambda build=build, rows=rows: _trained(build, rows), trained=True)  # type: ignore[misc]
    for name, build, rows in _MODELS
]
