"""The variants of a `sealift.Image` in which training and deployment commonly differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sealift import canonical
from sealift.errors import PackError
from sealift.packing.preprocess.image import Image

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE = (123.68, 116.779, 103.939)
_LEVELS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("levels from 0 to 1", {"scale": "unit", "mean": None, "std": None}),
    ("levels from -1 to 1", {"scale": "unit", "mean": 0.5, "std": 0.5}),
    ("levels from 0 to 255", {"scale": None, "mean": None, "std": None}),
)
_OF_COLOURS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("mean and std of ImageNet", {"scale": "unit", "mean": IMAGENET[0], "std": IMAGENET[1]}),
    ("levels from 0 to 255 minus the mean of ImageNet", {"scale": None, "mean": _CAFFE, "std": None}),
)
_OF_GREY = (("mean and std of MNIST", {"scale": "unit", "mean": 0.1307, "std": 0.3081}),)
_FILTERS = (
    ("pillow", "nearest"), ("pillow", "bilinear"), ("pillow", "bicubic"), ("pillow", "lanczos"), ("pillow", "box"),
    ("opencv", "nearest"), ("opencv", "linear"), ("opencv", "area"),
)  # fmt: skip
_CROPPED = 0.875
"""The share of the shorter side that the usual crop of ImageNet keeps: 224 of 256."""


@dataclass(frozen=True)
class PreprocessingVariant:
    """A changed preprocessing.

    Attributes:
        name: what differs, in words.
        arguments: the arguments that differ, with their values.
        image: the preprocessing with them.
    """

    name: str
    arguments: Mapping[str, Any]
    image: Image


def variants_of(declared: Image, *, oriented: bool) -> list[PreprocessingVariant]:
    """The variants that differ from the declared preprocessing, each once.

    Args:
        declared: the preprocessing of the caller.
        oriented: whether any picture has an EXIF orientation, so that applying it makes a difference.
    """
    known = {_key(declared)}
    variants = []
    for name, arguments in _changes(declared, oriented=oriented):
        changed = {key: value for key, value in arguments.items() if getattr(declared, key) != value}
        try:
            image = replace(declared, **changed)
        except PackError:  # not possible with the other arguments, such as a grey picture with three means
            continue
        if _key(image) not in known:
            known.add(_key(image))
            variants.append(PreprocessingVariant(name, changed, image))
    return variants


def _changes(image: Image, *, oriented: bool) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from _levels(image)
    if image.to is not None:
        for library, name in _FILTERS:
            title = {"pillow": "Pillow", "opencv": "OpenCV"}[library]
            yield f"the filter {name} of {title}", {"library": library, "filter": name}
        yield from _geometry(image)
    if oriented:
        done = "ignored" if image.orientation else "applied"
        yield f"the EXIF orientation {done}", {"orientation": not image.orientation}


def _levels(image: Image) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Ranges of levels, orders of channels, and both together."""
    if image.mean is not None or image.std is not None:
        unit = image.scale != "unit"
        name = "levels from 0 to 1" if unit else "levels from 0 to 255"
        yield f"{name} before mean and std", {"scale": "unit" if unit else None}
    if image.channels not in ("RGB", "BGR"):
        yield from (*_LEVELS, *(_OF_GREY if image.channels == "L" else ()))
        return
    other = "BGR" if image.channels == "RGB" else "RGB"
    order = {"RGB": "red first", "BGR": "blue first"}
    yield order[other], {"channels": other}
    turned = {"mean": _turned(image.mean), "std": _turned(image.std)}
    yield f"{order[other]}, mean and std in this order", {"channels": other, **turned}
    for channels in (image.channels, other):
        for name, arguments in (*_LEVELS, *_OF_COLOURS):
            ordered = {k: _turned(v) if channels == "BGR" else v for k, v in arguments.items()}
            yield (
                (name, ordered)
                if channels == image.channels
                else (
                    f"{order[other]}, {name}",
                    {"channels": channels, **ordered},
                )
            )


def _geometry(image: Image) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Ways to the same size: squashed, cropped, cropped with a border, with its proportions in a frame."""
    shape = image.spec()["shape"]
    height, width = shape[1:] if image.layout == "CHW" else shape[:2]
    if height is None or width is None:
        return
    size = (height, width)
    none: dict[str, Any] = {"resize": None, "longest": None, "letterbox": None, "pad": None, "crop": None}
    longer = max(size)
    yield f"a resize to {height} × {width} without crop", none | {"resize": size}
    yield "a resize of the shorter side and a crop", none | {"resize": longer, "crop": size}
    border = none | {"resize": round(longer / _CROPPED), "crop": size}
    yield f"a resize of the shorter side to {border['resize']} and a crop", border
    yield "a letterbox", none | {"letterbox": size}


def _turned(numbers: Any) -> Any:
    return tuple(reversed(numbers)) if isinstance(numbers, tuple | list) else numbers


def _key(image: Image) -> bytes:
    """Equal for preprocessings of the same levels; mean 0 and std 1 equal none."""
    spec = image.spec()
    channels = {"L": 1, "I;16": 1, "RGBA": 4}.get(image.channels, 3)
    factor = (1 / (65535 if image.mode == "I;16" else 255)) if image.scale == "unit" else (image.scale or 1.0)
    mean, std = ([0.0] if image.mean is None else image.mean), ([1.0] if image.std is None else image.std)
    means, stds = (_each(numbers, channels) for numbers in (mean, std))
    lines = [[f"{factor / s:.6g}", f"{m / s:.6g}"] for m, s in zip(means, stds, strict=True)]
    steps = [step for step in spec["steps"] if step["step"] not in ("multiply", "divide", "subtract")]
    return canonical.dumps([spec["decode"], steps, lines, image.library])


def _each(numbers: Any, channels: int) -> list[float]:
    values = [numbers] if isinstance(numbers, int | float) else [float(number) for number in numbers]
    return values * channels if len(values) == 1 else values
