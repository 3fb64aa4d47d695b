"""Simple statistics of a picture as the net sees it, which are compared with the usual ones (spec/IMAGE.md §9)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL.Image import Image

NAMES: Mapping[str, str] = {
    "size": "size",
    "proportions": "proportions",
    "colour": "colour",
    "warmth": "colour",
    "greenness": "colour",
    "brightness": "brightness",
    "contrast": "contrast",
    "sharpness": "sharpness",
    "top": "layout",
    "left": "layout",
    "centre": "layout",
}
"""Each statistic, and what it is called in a sentence, in the order of the sentence."""

_MOST = 512
"""The largest side on which the numbers of a tensor are looked at."""

_NOISE = 1e-6
"""A contrast that is a smaller share of the largest number is none."""

_COLOURED = frozenset({"P", "PA", "RGB", "RGBA", "CMYK"})


def colour_of(picture: Image) -> float:
    """The mean difference between the largest and the smallest channel of a pixel, from 0 to 255."""
    if picture.mode not in _COLOURED:
        return 0.0
    levels = np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))
    red, green, blue = levels[..., 0], levels[..., 1], levels[..., 2]
    most = np.maximum(np.maximum(red, green), blue)
    return float((most - np.minimum(np.minimum(red, green), blue)).mean(dtype=np.float64))


def statistics_of(
    pixels: npt.NDArray[np.float32], geometry: npt.NDArray[np.float64], colour: float, layout: str
) -> dict[str, float]:
    """The statistics of a picture after all steps.

    Args:
        pixels: its numbers, in the layout.
        geometry: its geometry (6,), which begins with the height and the width of the decoded picture.
        colour: `colour_of` the decoded picture.
        layout: CHW or HWC.
    """
    planes = pixels if layout == "CHW" else pixels.transpose(2, 0, 1)
    step = -(-max(planes.shape[1:]) // _MOST)
    channels = planes[:, ::step, ::step].astype(np.float64)
    grey = channels.mean(axis=0)
    mean, contrast = float(grey.mean()), float(grey.std())
    if contrast <= _NOISE * float(np.abs(grey).max()):  # the rounding of equal numbers
        contrast = 0.0
    rows, columns = grey.shape
    down, across = rows // 4, columns // 4
    red, green, blue = channels[:3].mean(axis=(1, 2)).tolist() if len(channels) > 2 else (0.0, 0.0, 0.0)
    relative = {
        "warmth": red - blue,
        "greenness": green - (red + blue) / 2,
        "sharpness": _change(grey),
        "top": _difference(grey[: rows // 2], grey[rows - rows // 2 :]),
        "left": _difference(grey[:, : columns // 2], grey[:, columns - columns // 2 :]),
        "centre": float(grey[down : rows - down, across : columns - across].mean()) - mean,
    }
    height, width = geometry[:2].tolist()
    return {
        "size": math.sqrt(height * width),
        "proportions": width / height,
        "colour": colour,
        "brightness": mean,
        "contrast": contrast,
        **{name: value / contrast if contrast > 0 else 0.0 for name, value in relative.items()},
    }


def _change(grey: npt.NDArray[np.float64]) -> float:
    """The mean absolute difference between neighbours in a row or a column."""
    down, across = np.abs(np.diff(grey, axis=0)), np.abs(np.diff(grey, axis=1))
    return float((down.sum() + across.sum()) / max(1, down.size + across.size))


def _difference(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    return float(one.mean() - other.mean()) if one.size else 0.0
