"""Preprocessing objects of libraries, by stand-ins of the same class names and attributes that compute with Pillow.

docs/how-to/images.md states the result with the real libraries.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from sealift.errors import PackError
from sealift.packing.preprocess import ImagePreprocessing, recognised
from sealift.packing.preprocess.generated import edge_cases
from sealift.stages.image.problems import PictureError
from sealift.stages.image.stage import ImageStage

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
F32 = np.float32
PICTURES = list(edge_cases())


def stand_in(module: str, name: str, call: Callable[..., Any] | None = None, **attributes: Any) -> Any:
    """An object of a class `name` that is defined in `module`."""
    methods = {} if call is None else {"__call__": lambda self, *given, **named: call(*given, **named)}
    made = type(name, (), {"__module__": module, **methods})()
    made.__dict__.update(attributes)
    return made


def torchvision(name: str, call: Callable[..., Any] | None = None, **attributes: Any) -> Any:
    return stand_in("torchvision.transforms.transforms", name, call, **attributes)


def composed(*steps: Any) -> Any:
    def run(value: Any) -> Any:
        for step in steps:
            value = step(value)
        return value

    return torchvision("Compose", run, transforms=list(steps))


BICUBIC = SimpleNamespace(value="bicubic")
TO_TENSOR = torchvision("ToTensor", lambda picture: np.atleast_3d(np.asarray(picture)).transpose(2, 0, 1) / F32(255))
NORMALIZE = torchvision(
    "Normalize",
    lambda x: (x - np.array(MEAN, F32)[:, None, None]) / np.array(STD, F32)[:, None, None],
    mean=MEAN,
    std=STD,
)


def shorter(picture: Any) -> Any:
    width, height = picture.size
    if width <= height:
        return picture.resize((40, int(40 * height / width)), Image.Resampling.BICUBIC)
    return picture.resize((int(40 * width / height), 40), Image.Resampling.BICUBIC)


RESIZE = torchvision("Resize", shorter, size=40, interpolation=BICUBIC, max_size=None, antialias=True)


def middle(picture: Any) -> Any:
    top, left = round((picture.height - 32) / 2), round((picture.width - 32) / 2)
    return picture.crop((left, top, left + 32, top + 32))


CROP = torchvision("CenterCrop", middle, size=(32, 32))
PAD = torchvision(
    "Pad",
    lambda p: Image.fromarray(np.pad(np.asarray(p), ((2, 4), (1, 3), (0, 0)), constant_values=9)),
    padding=[1, 2, 3, 4],
    fill=9,
    padding_mode="constant",
)
GRAY = torchvision("Grayscale", lambda p: Image.merge("RGB", [p.convert("L")] * 3), num_output_channels=3)


def processed(images: Any, return_tensors: str) -> Any:
    """As an image processor of Hugging Face computes."""
    small = np.asarray(images.resize((30, 20), Image.Resampling.BILINEAR))
    scaled = (small.astype(np.float64) * (1 / 255)).astype(F32)
    made = (scaled - np.array(MEAN, F32)) / np.array(STD, F32)
    return {"pixel_values": [made.transpose(2, 0, 1)]}


def augmented(image: Any) -> Any:
    """As albumentations computes."""
    small = cv2.resize(image, (20, 24), interpolation=cv2.INTER_AREA)
    factor = np.reciprocal(np.array(STD, F32) * F32(255))
    return {"image": (small.astype(F32) - np.array(MEAN, F32) * F32(255)) * factor}


PROCESSOR: dict[str, Any] = {
    "do_resize": True,
    "size": {"height": 20, "width": 30},
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": MEAN,
    "image_std": STD,
}
EQUAL: dict[str, Any] = {
    "torchvision": composed(RESIZE, CROP, TO_TENSOR, NORMALIZE),
    "torchvision: pad, grey": composed(PAD, GRAY, TO_TENSOR, NORMALIZE),
    "transformers": stand_in("transformers.models.vit", "ViTImageProcessor", processed, **PROCESSOR),
    "albumentations": stand_in(
        "albumentations.core.composition",
        "Compose",
        augmented,
        transforms=[
            stand_in("albumentations.geometric", "Resize", height=24, width=20, interpolation=cv2.INTER_AREA),
            stand_in("albumentations.pixel", "Normalize", mean=MEAN, std=STD, max_pixel_value=255.0),
        ],
    ),
    "keras": stand_in(
        "keras.layers", "Rescaling", lambda x: x * F32(1 / 127.5) + F32(-1), scale=1 / 127.5, offset=-1.0
    ),
    "timm": {"input_size": (3, 32, 32), "interpolation": "bicubic", "mean": MEAN, "std": STD, "crop_pct": 0.875},
}


@pytest.mark.parametrize("name", list(EQUAL))
def test_the_stage_computes_what_the_object_computes(name: str) -> None:
    preprocessing = recognised(EQUAL[name])
    assert isinstance(preprocessing, ImagePreprocessing)
    stage = ImageStage(preprocessing.spec)
    compared = 0
    for picture in PICTURES:
        try:
            made = stage.prepare(picture.value)
        except PictureError:
            continue
        assert np.array_equal(made.pixels, preprocessing.run(picture.value)), picture
        compared += 1
    assert compared >= 30


RANDOM = torchvision("RandomHorizontalFlip")
ODD = torchvision("Lambda")
REFUSED = {
    "a random step": (composed(RESIZE, RANDOM, TO_TENSOR), "E323", "RandomHorizontalFlip"),
    "a random step in a container": (composed(composed(torchvision("ColorJitter")), TO_TENSOR), "E323", "ColorJitter"),
    "a function": (composed(ODD, TO_TENSOR), "E321", "Lambda"),
    "a resize of tensors": (composed(torchvision("PILToTensor"), RESIZE), "E321", "Resize.*before ToTensor"),
    "levels up to 255 that are normalized": (composed(NORMALIZE), "E321", "Normalize"),
    "a processor on tensors": (
        stand_in("transformers.vit", "ViTImageProcessorFast", **PROCESSOR), "E321", "torchvision"
    ),
    "another processor": (stand_in("transformers.sam", "SamImageProcessor", **PROCESSOR), "E321", "SamImageProcessor"),
    "cubic of OpenCV": (
        stand_in("albumentations.geometric", "Resize", height=5, width=5, interpolation=2), "E321", "interpolation 2"
    ),
    "a resize of Keras": (
        stand_in("keras.layers", "Resizing", height=5, width=5, crop_to_aspect_ratio=True), "E321", "Resizing"
    ),
    "another crop of timm": ({**EQUAL["timm"], "crop_mode": "border"}, "E321", "border"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_is_refused(name: str) -> None:
    given, code, words = REFUSED[name]
    with pytest.raises(PackError, match=words) as caught:
        recognised(given)
    assert caught.value.code == code
