"""Image processors of the library `transformers` that compute with Pillow and NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sealift.packing.preprocess.by_library import opened
from sealift.packing.preprocess.image import ImagePreprocessing, spec_of
from sealift.packing.preprocess.libraries.reading import Step, arithmetic, is_of, pillow_filter, pillow_resize, refused

# Their steps are those read here, in this order; others add some.
_KNOWN = frozenset(
    {
        *("ViTImageProcessor", "DeiTImageProcessor", "CLIPImageProcessor", "SiglipImageProcessor", "BitImageProcessor"),
        *("BlipImageProcessor", "MobileNetV1ImageProcessor", "MobileNetV2ImageProcessor"),
        *("DetrImageProcessor", "YolosImageProcessor"),
        *("ViTFeatureExtractor", "CLIPFeatureExtractor", "DeiTFeatureExtractor"),
    }
)


class OfTransformers:
    """Recognises image processors."""

    def recognise(self, given: Any) -> ImagePreprocessing | None:
        """The stage, and the processor itself as the original."""
        name = type(given).__name__
        known = ("ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor")
        if not is_of(given, "transformers") or not name.endswith(known):
            return None
        backends = {kind.__name__ for kind in type(given).__mro__}
        if name.endswith("Fast") or "TorchvisionBackend" in backends:
            raise refused(
                given,
                "tensors of torchvision",
                "Load it with backend='pil' (use_fast=False before version 5), which computes with Pillow.",
            )
        if name.removesuffix("Pil") not in _KNOWN:
            raise refused(given)

        def run(value: Any) -> Any:
            picture = opened(value).convert("RGB")
            return np.asarray(given(images=picture, return_tensors="np")["pixel_values"][0])

        return ImagePreprocessing(spec_of({"mode": "RGB"}, _steps(given), "CHW"), run)


RECOGNISER = OfTransformers()


def _steps(given: Any) -> list[Step]:
    """The steps in the order of `preprocess`."""
    steps: list[Step] = []
    # Of several pictures of one call, detectors pad the smaller ones; here each one has a call of its own.
    if getattr(given, "do_pad", False) and not (hasattr(given, "pad_size") and given.pad_size is None):
        raise refused(given, "do_pad")
    if getattr(given, "do_resize", False):
        steps.append(pillow_resize(pillow_filter(given.resample, given), _size(given.size, given)))
    if getattr(given, "do_center_crop", False):
        crop = _sides(given.crop_size)
        size = [crop["height"], crop["width"]]
        steps.append({"step": "pad", "to": {"least": size}, "at": "ceil"})
        steps.append({"step": "crop", "size": size, "at": "floor"})
    if getattr(given, "do_rescale", False):
        # NumPy computes the product in float64 and rounds it once.
        steps.append(arithmetic("multiply", given.rescale_factor, precision="float64"))
    if getattr(given, "do_normalize", False):
        steps += [arithmetic("subtract", given.image_mean), arithmetic("divide", given.image_std)]
    return steps


def _sides(size: Any) -> dict[str, int]:
    """The sides that a size states: a dict, or from version 5 on an object with attributes."""
    items = size.items() if isinstance(size, Mapping) else vars(size).items()
    return {key: int(value) for key, value in items if value is not None}


def _size(given_size: Any, given: Any) -> dict[str, Any]:
    size = _sides(given_size)
    if set(size) == {"height", "width"}:
        return {"size": [size["height"], size["width"]]}
    if set(size) == {"shortest_edge"}:
        return {"shortest": size["shortest_edge"], "rounding": "trunc-quotient"}
    raise refused(given, f"the size {size!r:.80}")
