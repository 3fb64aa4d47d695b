"""Monochrome values as levels of 8 bits (PS3.3 C.11.2.1.2.1)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.stages.image.problems import PictureError


def windowed(values: npt.NDArray[np.float64], file: Any, window: str | tuple[float, float]) -> npt.NDArray[np.uint8]:
    """The levels of stored values, after the rescale slope and intercept of the file.

    Args:
        values: stored values, of any shape.
        file: the data set of pydicom.
        window: the key `window` of the stage.

    Raises:
        PictureError: R111 for a window of the file with a width below 1.
    """
    slope, intercept = _number(file, "RescaleSlope"), _number(file, "RescaleIntercept")
    values = values * (1.0 if slope is None else slope) + (0.0 if intercept is None else intercept)
    limits = None if isinstance(window, str) else window
    if window == "file":
        centre, width = _number(file, "WindowCenter"), _number(file, "WindowWidth")
        limits = None if centre is None or width is None else (centre, width)
    if limits is None:
        low, high = values.min(), values.max()
        scaled = (values - low) / (high - low) * 255 + 0.5 if high > low else np.zeros(values.shape)
        return np.trunc(scaled).astype(np.uint8)
    centre, width = limits
    if not width >= 1:
        raise PictureError("R111", "is damaged: the width of its window is less than 1")
    low, high = centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2
    inside = (values > low) & (values <= high)
    with np.errstate(all="ignore"):
        scaled = np.where(inside, ((values - (centre - 0.5)) / (width - 1) + 0.5) * 255 + 0.5, 0)
    return np.where(values > high, 255, np.trunc(scaled)).astype(np.uint8)


def _number(file: Any, name: str) -> float | None:
    """The first number of an element; None where there is none."""
    value = file.get(name)
    if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue":
        value = value[0] if len(value) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
