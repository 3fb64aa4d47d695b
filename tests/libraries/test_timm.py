"""Models of timm with their data configuration: the pictures are those of the transform that timm makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("small_models", reason="transformers is not installed: make test-torch")

import numpy as np
import timm
import torch
from small_models import pictures

import sealift
from sealift.errors import PackError
from sealift.packing.bundles import ModelParts
from sealift.packing.bundles.timm import UNBUNDLER
from sealift.packing.preprocess import recognised

NATIVE = sealift.ProofOptions(engines=("native",))


def net(**config: Any) -> Any:
    torch.manual_seed(0)
    model = timm.create_model("lcnet_035", num_classes=4, pretrained=False).eval()
    model.pretrained_cfg = {**model.pretrained_cfg, "input_size": (3, 48, 48), **config}
    return model


@pytest.mark.parametrize(
    "config",
    [{}, {"interpolation": "bilinear", "crop_pct": 1.0}, {"crop_mode": "squash", "input_size": (3, 48, 64)}],
    ids=str,
)
def test_the_levels_are_those_of_timm(config: dict[str, Any]) -> None:
    resolved = timm.data.resolve_model_data_config(net(**config))
    transform = timm.data.create_transform(**resolved, is_training=False)
    made = recognised(resolved)
    for picture in pictures():
        expected = transform(picture).numpy()
        (pixels,) = made.original([picture])["pixels"]
        assert np.abs(pixels - expected).max() < 1e-6


def test_the_configuration_is_taken_from_the_model(tmp_path: Path) -> None:
    model = net(label_names=["a", "b", "c", "d"])
    paths = []
    for number, picture in enumerate(pictures()):
        paths.append(str(tmp_path / f"{number}.png"))
        picture.save(paths[-1])
    packed = sealift.pack(model, paths, name="m", output=tmp_path / "m.seal", proof=NATIVE)
    assert packed.report.passed
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)
    with torch.no_grad():
        expected = model(torch.stack([transform(picture) for picture in pictures()])).softmax(dim=1).numpy()
    answers = packed.load().predict(paths)
    assert np.abs(answers["probability"] - expected).max() < 1e-5
    assert packed.contract.output("label").class_names == ("a", "b", "c", "d")
    given = ModelParts(net(), pictures(), "timm")
    taken = UNBUNDLER.unbundle(given)
    assert taken is not None
    assert taken.preprocess == timm.data.resolve_model_data_config(net())
    assert UNBUNDLER.unbundle(given._replace(X=np.zeros((3, 3, 48, 48)), preprocess=None)) is None


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="crop_mode 'border'"):
        sealift.pack(net(crop_mode="border"), pictures(), name="m")
    with pytest.raises(PackError, match="has no pretrained_cfg") as caught:
        sealift.pack(torch.nn.Linear(2, 2), pictures(), name="m", preprocess="timm")
    assert caught.value.code == "E328"
