"""torchvision: `Compose` of both versions, and the presets that come with weights, on pictures of Pillow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sealift.packing.preprocess.by_library import opened
from sealift.packing.preprocess.image import ImagePreprocessing, spec_of
from sealift.packing.preprocess.libraries.reading import (
    Step,
    arithmetic,
    is_of,
    numbers,
    pair,
    pillow_filter,
    pillow_resize,
    refused,
)
from sealift.packing.preprocess.randomness import steps_of
from sealift.stages.image.resize.interpolation import FILTERS, SMOOTH

_NOTHING = frozenset({"Identity", "ToImage", "ToPureTensor", "PILToTensor", "ToImageTensor"})


class OfTorchvision:
    """Recognises transforms of torchvision."""

    def recognise(self, given: Any) -> ImagePreprocessing | None:
        """The stage, and the transform itself as the original."""
        if not is_of(given, "torchvision"):
            return None
        reader = _Reader()
        for step in steps_of(given):
            reader.read(step)
        mode = "L" if reader.grey else "RGB"

        def run(value: Any) -> Any:
            made = given(opened(value).convert(mode))
            return np.asarray(made.numpy() if hasattr(made, "numpy") else made)

        return ImagePreprocessing(spec_of({"mode": mode}, reader.steps, "CHW"), run)


RECOGNISER = OfTorchvision()


class _Reader:
    """Reads one transform after the other.

    Attributes:
        steps: the steps of the stage.
        grey: whether pictures must be loaded in grey, because there is one channel and no step that makes it.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.grey = False
        self._is_tensor = self._is_float = self._made_grey = False

    def read(self, step: Any) -> None:
        """Add the steps of one transform. Raises PackError E321."""
        name = type(step).__name__
        if name in _NOTHING:
            self._is_tensor = self._is_tensor or name != "Identity"
        elif name == "ImageClassification":
            self.steps += _of_preset(step)
        elif name in ("ToTensor", "ConvertImageDtype", "ConvertDtype", "ToDtype"):
            self._to_float(step, name)
        elif name == "Normalize":
            if not self._is_float:
                raise refused(step, "levels that are not from 0 to 1")
            self.grey = len(numbers(step.mean)) == 1 and not self._made_grey
            self.steps += [arithmetic("subtract", step.mean), arithmetic("divide", step.std)]
        elif self._is_tensor and name == "CenterCrop":
            self.steps += _crop(pair(step.size))
        elif self._is_float and name == "Resize":
            self.steps.append(_on_floats(step))
        elif self._is_tensor:
            raise refused(step, "a tensor; put it before ToTensor, where it is done by Pillow")
        else:
            self.steps += _on_pictures(step, name)
            if name == "Grayscale":
                self._made_grey = True

    def _to_float(self, step: Any, name: str) -> None:
        dtype = str(getattr(step, "dtype", "torch.float32"))
        if dtype == "torch.uint8" or (name == "ToDtype" and not step.scale) or self._is_float:
            raise refused(step, f"dtype {dtype}, after which levels are not from 0 to 1")
        if dtype != "torch.float32":
            raise refused(step, f"dtype {dtype}")
        # Version 2 multiplies with the reciprocal.
        second = name in ("ToDtype", "ConvertDtype") or ".v2." in type(step).__module__
        multiplied = second and name != "ToTensor"
        self.steps.append(arithmetic("multiply", 1 / 255) if multiplied else arithmetic("divide", 255))
        self._is_tensor = self._is_float = True


def _on_pictures(step: Any, name: str) -> Iterator[Step] | list[Step]:
    """The steps of a transform on a picture of Pillow."""
    if name == "Resize":
        chosen = pillow_filter(step.interpolation, step)
        return [pillow_resize(chosen, _size(step.size, getattr(step, "max_size", None), step))]
    if name == "CenterCrop":
        return _crop(pair(step.size))
    if name == "Pad":
        if getattr(step, "padding_mode", "constant") != "constant":
            raise refused(step, f"padding_mode {step.padding_mode!r:.40}")
        return [{"step": "pad", "to": {"by": _borders(step.padding)}, "value": _fill(step)}]
    if name == "Grayscale":
        made: list[Step] = [{"step": "gray", "library": "pillow"}]
        if step.num_output_channels == 3:
            made.append({"step": "channels", "order": [0, 0, 0]})
        return made
    if name == "RGB":
        return []
    raise refused(step)


def _on_floats(step: Any) -> Step:
    """A resize of a float tensor, which torchvision does with `torch.nn.functional.interpolate`."""
    name = str(getattr(step.interpolation, "value", step.interpolation))
    if name not in FILTERS["torch"]:
        raise refused(step, f"the filter {step.interpolation!r:.60} on a tensor")
    # Before version 0.17 the default was "warn", which is without antialias on tensors.
    antialias = {"antialias": True} if getattr(step, "antialias", None) is True and name in SMOOTH else {}
    to = _size(step.size, getattr(step, "max_size", None), step)
    return {"step": "resize", "library": "torch", "filter": name, "to": to, **antialias}


def _size(size: Any, most: Any, step: Any) -> dict[str, Any]:
    """The key `to`: an int, or a list of one, is the shorter side."""
    if size is None:
        return {"longest": int(most), "rounding": "trunc-quotient"}
    if isinstance(size, int) or len(size) == 1:
        side = size if isinstance(size, int) else size[0]
        limit = {} if most is None else {"most": int(most)}
        return {"shortest": int(side), "rounding": "trunc-quotient", **limit}
    if most is not None:
        raise refused(step, "a size and max_size")
    return {"size": list(pair(size))}


def _crop(size: tuple[int, int]) -> list[Step]:
    """The middle; smaller pictures are padded with zeros before."""
    return [
        {"step": "pad", "to": {"least": list(size)}, "at": "floor"},
        {"step": "crop", "size": list(size), "at": "half-even"},
    ]


def _borders(padding: Any) -> list[int]:
    """Top, bottom, left, right from torchvision's left, top, right, bottom."""
    if isinstance(padding, int):
        return [padding] * 4
    values = [int(value) for value in padding]
    left, top, right, bottom = values * (4 // len(values)) if len(values) in (1, 2) else values
    return [top, bottom, left, right]


def _fill(step: Any) -> list[int]:
    fill = step.fill
    if isinstance(fill, dict):
        fill = next(iter(fill.values()), 0)
    return [int(value) for value in numbers(0 if fill is None else fill)]


def _of_preset(step: Any) -> list[Step]:
    """`weights.transforms()`: resize, crop, convert, normalize."""
    chosen = pillow_filter(step.interpolation, step)
    return [
        pillow_resize(chosen, _size(step.resize_size, None, step)),
        *_crop(pair(step.crop_size)),
        arithmetic("divide", 255),
        arithmetic("subtract", step.mean),
        arithmetic("divide", step.std),
    ]
