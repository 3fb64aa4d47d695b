"""Resize images with the exact arithmetic of a named library (spec/IMAGE.md)."""

from __future__ import annotations

from sealift.stages.image.resize import opencv, opencv_area, pillow
from sealift.stages.image.resize.rule import Pixels, ResizeRule

__all__ = ["Pixels", "ResizeRule", "resized"]


def resized(pixels: Pixels, width: int, height: int, rule: ResizeRule) -> Pixels:
    """The image with the given size, with the levels that the library of `rule` computes.

    `pixels` is uint8, height × width or height × width × channels: 1 to 4 channels for Pillow, where the last of 2
    or of 4 is alpha; 1, 3 or 4 for OpenCV, which does not treat alpha differently. Pillow also accepts uint16,
    height × width.
    Raises ValueError for other arrays and for sizes outside 1 to 32768.
    """
    rule.check(pixels, width, height)
    if rule.library == "pillow":
        return pillow.resized(pixels, width, height, rule)
    grid = pixels.reshape(*pixels.shape[:2], -1)
    if rule.filter == "area":
        made = opencv_area.resized(grid, width, height)
    else:
        made = opencv.resized(grid, width, height, rule.filter)
    return made.reshape(height, width, *pixels.shape[2:])
