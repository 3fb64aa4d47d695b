"""Keras: layers that resize, crop and scale levels, which are floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.packing.preprocess.by_library import opened
from sealift.packing.preprocess.image import ImagePreprocessing, spec_of
from sealift.packing.preprocess.libraries.reading import Step, arithmetic, is_of, refused
from sealift.packing.preprocess.randomness import steps_of
from sealift.stages.image.resize.interpolation import FILTERS

_NOTHING = frozenset({"InputLayer"})


class OfKeras:
    """Recognises layers of Keras, and a Sequential of them."""

    def recognise(self, given: Any) -> ImagePreprocessing | None:
        """The stage, and the layers themselves as the original."""
        if not is_of(given, "keras"):
            return None
        steps: list[Step] = []
        for layer in steps_of(given):
            name = type(layer).__name__
            if name == "Rescaling":
                steps.append(arithmetic("multiply", layer.scale))
                if np.any(np.asarray(layer.offset) != 0):
                    steps.append(arithmetic("add", layer.offset))
            elif name == "Normalization":
                if layer.axis not in ((-1,), (3,), -1, 3):
                    raise refused(layer, f"the axis {layer.axis!r:.40}")
                mean, variance = (np.asarray(values, np.float32).ravel() for values in (layer.mean, layer.variance))
                deviation = np.maximum(np.sqrt(variance), np.float32(1e-7))
                steps += [arithmetic("subtract", mean), arithmetic("divide", deviation)]
            elif name == "CenterCrop":
                steps.append({"step": "crop", "size": [layer.height, layer.width], "at": "floor"})
            elif name == "Resizing":
                steps.append(_resize(layer))
            elif name not in _NOTHING:
                raise refused(layer)

        def run(value: Any) -> Any:
            levels = np.asarray(opened(value).convert("RGB"), dtype=np.float32)
            return np.asarray(given(levels[None]))[0]

        return ImagePreprocessing(spec_of({"mode": "RGB"}, steps, "HWC"), run)


RECOGNISER = OfKeras()


def _resize(layer: Any) -> Step:
    """A resize, which all backends do as `tf.image.resize`. Raises PackError E321."""
    for option in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"):
        if getattr(layer, option, False):
            raise refused(layer, option)
    if layer.interpolation not in FILTERS["tensorflow"] or layer.data_format != "channels_last":
        raise refused(layer, f"the interpolation {layer.interpolation!r:.40} of {layer.data_format!r:.40}")
    size = [int(layer.height), int(layer.width)]
    return {"step": "resize", "library": "tensorflow", "filter": layer.interpolation, "to": {"size": size}}
