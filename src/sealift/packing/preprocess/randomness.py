"""Find a step of a preprocessing that draws random numbers, by the names of its classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Beside the classes whose name begins with Random: torchvision, Keras, albumentations.
_RANDOM = frozenset(
    {
        *(
            "AutoAugment",
            "RandAugment",
            "TrivialAugmentWide",
            "AugMix",
            "ColorJitter",
            "ScaleJitter",
            "ElasticTransform",
        ),
        *("GaussianBlur", "GaussianNoise", "CutMix", "MixUp", "JPEG", "GaussianDropout", "AlphaDropout"),
        *("HorizontalFlip", "VerticalFlip", "Flip", "Rotate", "ShiftScaleRotate", "Affine", "Perspective", "OneOf"),
        *("CoarseDropout", "GaussNoise", "RGBShift", "HueSaturationValue", "CLAHE", "Blur", "MotionBlur", "Transpose"),
        *(
            "ElasticTransform",
            "Sharpen",
            "Emboss",
            "GridDistortion",
            "OpticalDistortion",
            "ChannelShuffle",
            "ChannelDropout",
            "SomeOf",
        ),
    }
)


def steps_of(given: Any) -> Iterator[Any]:
    """The steps of an object and of the containers in it, depth first."""
    inner = getattr(given, "transforms", None) or getattr(given, "layers", None)
    if isinstance(inner, list | tuple):
        for step in inner:
            yield from steps_of(step)
    else:
        yield given


def random_step(given: Any) -> str:
    """The class of the first random step; empty if there is none."""
    for step in steps_of(given):
        name = type(step).__name__
        if name.startswith("Random") or name in _RANDOM:
            return name
    return ""
