"""albumentations: `Compose` of its deterministic transforms, on pictures that OpenCV reads, in the order red first."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.packing.preprocess.by_library import opened
from sealift.packing.preprocess.image import ImagePreprocessing, spec_of
from sealift.packing.preprocess.libraries.reading import Step, arithmetic, is_of, numbers, opencv_filter, refused
from sealift.packing.preprocess.randomness import steps_of


class OfAlbumentations:
    """Recognises transforms of albumentations."""

    def recognise(self, given: Any) -> ImagePreprocessing | None:
        """The stage, and the transform itself as the original."""
        if not is_of(given, "albumentations"):
            return None
        steps: list[Step] = []
        layout = "HWC"
        for step in steps_of(given):
            name = type(step).__name__
            if name == "ToTensorV2":
                layout = "CHW"
            else:
                steps += _steps(step, name)

        def run(value: Any) -> Any:
            made = given(image=np.asarray(opened(value).convert("RGB")))["image"]
            return np.asarray(made.numpy() if hasattr(made, "numpy") else made, dtype=np.float32)

        return ImagePreprocessing(spec_of({"mode": "RGB"}, steps, layout), run)


RECOGNISER = OfAlbumentations()


def _steps(step: Any, name: str) -> list[Step]:
    """The steps of one transform. Raises PackError E321."""
    if name == "Resize":
        return [_resize(step, {"size": [step.height, step.width]})]
    if name in ("SmallestMaxSize", "LongestMaxSize"):
        if not isinstance(step.max_size, int):
            raise refused(step, "several sizes, of which one is drawn")
        side = "shortest" if name == "SmallestMaxSize" else "longest"
        return [_resize(step, {side: step.max_size, "rounding": "rint-product"})]
    if name == "CenterCrop":
        return [{"step": "crop", "size": [step.height, step.width], "at": "floor"}]
    if name == "PadIfNeeded":
        place = str(getattr(step.position, "value", step.position))
        if place != "center" or step.border_mode != 0 or None in (step.min_height, step.min_width):
            raise refused(step, "another position than the middle, another border than one colour, or divisors")
        fill = getattr(step, "fill", None)
        fill = getattr(step, "value", 0) if fill is None else fill
        size = {"least": [step.min_height, step.min_width]}
        return [
            {"step": "pad", "to": size, "at": "floor", "value": [int(n) for n in numbers(0 if fill is None else fill)]}
        ]
    if name == "Normalize":
        if getattr(step, "normalization", "standard") != "standard":
            raise refused(step, f"normalization {step.normalization!r:.40}")
        most = np.float32(step.max_pixel_value)
        mean = np.array(step.mean, np.float32) * most
        factor = np.reciprocal(np.array(step.std, np.float32) * most)
        return [arithmetic("subtract", mean), arithmetic("multiply", factor)]
    if name == "ToFloat":
        return [arithmetic("divide", step.max_value or 255)]
    raise refused(step)


def _resize(step: Any, to: dict[str, Any]) -> Step:
    return {"step": "resize", "library": "opencv", "filter": opencv_filter(step.interpolation, step), "to": to}
