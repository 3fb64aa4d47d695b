"""Models of timm: the preprocessing of their configuration (`pretrained_cfg`)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sealift.errors import PackError
from sealift.packing.bundles.base import ModelParts
from sealift.packing.heads.classes import Classes
from sealift.packing.preprocess.libraries.reading import is_of

_NAME = "timm"
# Those of `timm.data.resolve_data_config`.
_DEFAULTS: Mapping[str, Any] = {
    "input_size": (3, 224, 224),
    "interpolation": "bicubic",
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
    "crop_pct": 0.875,
    "crop_mode": "center",
}


class TimmParts:
    """Recognises models of timm that are given with pictures and without a preprocessing."""

    def unbundle(self, given: ModelParts) -> ModelParts | None:
        """The model with the transform that timm makes for its evaluation. Raises PackError E328."""
        own = isinstance(given.preprocess, str) and given.preprocess == _NAME
        config = _config(given.model)
        if own and config is None:
            raise PackError(
                "E328",
                f"preprocess is 'timm', but the model, a {type(given.model).__name__}, has no pretrained_cfg of timm.",
                where="preprocess",
                fix="Give a model of timm.create_model, or the data configuration itself, a dict.",
            )
        if config is None or not (own or (given.preprocess is None and _are_pictures(given.X))):
            return None
        names = list(config.get("label_names") or ())
        named = names and not given.is_named and len(names) == getattr(given.model, "num_classes", 0)
        resolved = {key: config.get(key) or default for key, default in _DEFAULTS.items()}
        return given._replace(preprocess=resolved, outputs=Classes(names) if named else given.outputs)


def _config(model: Any) -> Mapping[str, Any] | None:
    config = getattr(model, "pretrained_cfg", None) if is_of(model, _NAME) else None
    return config if isinstance(config, Mapping) else None


def _are_pictures(X: Any) -> bool:
    """Whether rows are pictures and not arrays of numbers."""
    if isinstance(X, str | os.PathLike):
        return True
    first = X[0] if isinstance(X, list | tuple) and X else None
    return isinstance(first, str | bytes | os.PathLike) or hasattr(first, "getexif")


UNBUNDLER = TimmParts()
