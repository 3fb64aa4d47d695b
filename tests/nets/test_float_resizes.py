"""Resizes of floats in the objects of torchvision and Keras, against these libraries."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")

from bench.nets.stand_in import torchvision_operators  # noqa: E402

import sealift  # noqa: E402
from image_nets import net  # noqa: E402
from sealift.errors import PackError  # noqa: E402
from sealift.packing.preprocess import Image, recognised  # noqa: E402
from sealift.stages.image.stage import ImageStage  # noqa: E402

RANDOM = np.random.default_rng(4)
PICTURES = [
    PIL.Image.fromarray(RANDOM.integers(0, 256, (*size, 3)).astype(np.uint8))
    for size in ((40, 61), (7, 5), (300, 220), (64, 64), (1, 9))
]


def check(given: Any) -> None:
    """The stage of an object gives its floats, to a millionth of the largest level."""
    preprocessing = recognised(given)
    stage = ImageStage(preprocessing.stage(0).spec)
    for picture in PICTURES:
        (expected,) = preprocessing.original([picture])["pixels"]
        made = stage.prepare(picture).pixels
        assert made.shape == expected.shape
        assert np.abs(made - expected).max() <= 1e-6 * np.abs(expected).max()


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("name", ["nearest", "nearest-exact", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(32, 24), 48])
def test_torchvision(name: str, antialias: bool, size: Any) -> None:
    torchvision_operators()
    try:
        v2 = importlib.import_module("torchvision.transforms.v2")
    except (ImportError, RuntimeError):
        pytest.skip("torchvision is not installed")
    mode = importlib.import_module("torchvision.transforms").InterpolationMode(name)
    resize = v2.Resize(size, interpolation=mode, antialias=antialias)
    steps = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), resize, v2.CenterCrop(24)]
    check(v2.Compose(steps))
    with pytest.raises(PackError, match="a tensor"):
        recognised(v2.Compose([v2.ToImage(), resize]))


@pytest.mark.parametrize("name", ["nearest", "bilinear"])
def test_keras(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    check(keras.layers.Resizing(20, 33, interpolation=name))
    check(keras.Sequential([keras.layers.Resizing(50, 40, interpolation=name), keras.layers.Rescaling(1 / 255)]))
    for options in ({"crop_to_aspect_ratio": True}, {"antialias": True}, {"interpolation": "lanczos5"}):
        with pytest.raises(PackError, match="Resizing"):
            recognised(keras.layers.Resizing(20, 33, **options))


@pytest.mark.parametrize(
    "options",
    [
        {"resize": 40, "crop": 32},
        {"resize": (30, 50), "filter": "bicubic"},
        {"resize": (30, 50), "filter": "bicubic", "antialias": False, "layout": "HWC"},
        {"letterbox": 48, "fill": 114, "antialias": False},
        {"longest": 20, "filter": "nearest", "channels": "L"},
        {"resize": (9, 9), "filter": "nearest-exact", "scale": None, "channels": "BGR"},
    ],
    ids=str,
)
def test_described_by_hand(options: dict[str, Any]) -> None:
    check(Image(library="torch", **options))


def test_a_packed_net(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.png" for i in range(len(PICTURES))]
    for picture, path in zip(PICTURES, paths, strict=True):
        picture.save(path)
    packed = sealift.pack(
        net(),
        paths,
        name="net",
        output=tmp_path / "net.seal",
        preprocess=Image(resize=(32, 32), library="torch"),
        proof=sealift.ProofOptions(engines=("native",)),
    )
    assert packed.report.passed
    with pytest.raises(PackError, match="filter of torch"):
        Image(resize=(32, 32), library="torch", filter="lanczos")
