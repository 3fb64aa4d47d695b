"""timm: the data configuration of a model (`timm.data.resolve_model_data_config`), a dict."""

from __future__ import annotations

import math
from typing import Any

from sealift.packing.preprocess.by_library import RECOGNISER as OF_IMAGE
from sealift.packing.preprocess.image import Image, ImagePreprocessing
from sealift.packing.preprocess.libraries.reading import refused

_NEEDED = frozenset({"input_size", "interpolation", "mean", "std", "crop_pct"})


class OfTimm:
    """Recognises data configurations."""

    def recognise(self, given: Any) -> ImagePreprocessing | None:
        """The transform for evaluation that timm makes of it, with Pillow as the original."""
        if not isinstance(given, dict) or not set(given) >= _NEEDED:
            return None
        mode = given.get("crop_mode") or "center"
        channels, height, width = given["input_size"]
        if mode not in ("center", "squash") or (mode == "center" and height != width):
            raise refused("timm", f"crop_mode {mode!r:.40} with the size {height} × {width}")
        share = given["crop_pct"] or 0.875
        resized = math.floor(height / share), math.floor(width / share)
        return OF_IMAGE.recognise(
            Image(
                resize=resized[0] if mode == "center" else resized,
                crop=(height, width),
                filter=given["interpolation"],
                channels="L" if channels == 1 else "RGB",
                mean=tuple(given["mean"]),
                std=tuple(given["std"]),
            )
        )


RECOGNISER = OfTimm()
