"""Models of Keras with the backend JAX packed, against Keras itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("jax", reason="JAX is not installed: make test-jax")
os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="Keras is not installed: make test-jax")
if keras.backend.backend() != "jax":
    pytest.skip("Keras is in use with another backend", allow_module_level=True)
from jax_comparison import packed  # noqa: E402

import sealift  # noqa: E402
from packs import no_node  # noqa: E402, F401 - a fixture
from sealift.packing.load_model import load_model  # noqa: E402
from sealift.warning_filters import no_warnings  # noqa: E402

layers = keras.layers
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(size=(32, 12, 12, 3)).astype(np.float32)
pytestmark = pytest.mark.usefixtures("no_node")


def _cnn() -> Any:
    model = keras.Sequential(
        [
            layers.Input((12, 12, 3)), layers.Rescaling(0.5), layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(), layers.MaxPooling2D(), layers.SeparableConv2D(8, 3, padding="same"),
            layers.Dropout(0.3), layers.GlobalAveragePooling2D(), layers.Dense(3, "softmax"),
        ]
    )  # fmt: skip
    model.compile(optimizer="adam", loss="mse")
    model.fit(IMAGES, RANDOM.normal(size=(32, 3)), epochs=1, verbose=0)
    return model


def test_a_model_and_its_file(tmp_path: Path) -> None:
    model = _cnn()
    packed(model, IMAGES, tmp_path)
    with no_warnings():  # of Keras about NumPy
        model.save(tmp_path / "net.keras")
    opened = load_model(str(tmp_path / "net.keras"))
    packed(opened, IMAGES, tmp_path, call=model)


def test_several_inputs(tmp_path: Path) -> None:
    ids, numbers = layers.Input((6,), dtype="int32", name="ids"), layers.Input((4,), name="numbers")
    embedded = layers.LSTM(5)(layers.Embedding(30, 8)(ids))
    joined = layers.Concatenate()([embedded, numbers])
    model = keras.Model([ids, numbers], {"a": layers.Dense(2)(joined), "b": layers.Dense(1)(joined)})
    rows = {"ids": RANDOM.integers(0, 30, (32, 6)), "numbers": RANDOM.normal(size=(32, 4)).astype(np.float32)}
    packed(model, rows, tmp_path, call=lambda **given: model([given["ids"], given["numbers"]]))
    result = sealift.pack(model, rows, name="net", output=tmp_path / "net.seal")
    assert {output.name for output in result.contract.outputs} == {"a", "b"}
