"""The rule of a resize: a library, the version of its pass order, and a filter (spec/IMAGE.md §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[Any]
"""Levels: uint8 or uint16; height × width, or height × width × channels."""

FILTERS = {
    "pillow": ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"),
    "opencv": ("nearest", "linear", "area"),
}
PASS_ORDERS = ("horizontal-first", "by-size")
"""Pillow up to 12.3 always filters rows first; Pillow 13.0 decides by the sizes."""

CHANNELS = {"pillow": (1, 2, 3, 4), "opencv": (1, 3, 4)}
MOST_PIXELS = 1 << 15
"""The maximum width and height, in pixels."""


@dataclass(frozen=True)
class ResizeRule:
    """A library, one of its filters, and for Pillow the order of the two passes. Raises ValueError for other values."""

    library: str
    filter: str
    passes: str = "by-size"

    def __post_init__(self) -> None:
        if self.library not in FILTERS:
            raise ValueError(f"library must be one of {', '.join(FILTERS)}, not {self.library!r}")
        if self.filter not in FILTERS[self.library]:
            known = ", ".join(FILTERS[self.library])
            raise ValueError(f"filter of {self.library} must be one of {known}, not {self.filter!r}")
        if self.passes not in PASS_ORDERS:
            raise ValueError(f"passes must be one of {', '.join(PASS_ORDERS)}, not {self.passes!r}")

    def check(self, pixels: Pixels, width: int, height: int) -> None:
        """Raise ValueError unless the library can resize `pixels` to this size."""
        if pixels.ndim not in (2, 3) or not all(1 <= n <= MOST_PIXELS for n in (*pixels.shape[:2], width, height)):
            raise ValueError(f"an image must have 1 to {MOST_PIXELS} rows and columns, before and after")
        channels = pixels.shape[2] if pixels.ndim == 3 else 1
        if pixels.dtype == np.uint16 and self.library == "pillow" and pixels.ndim == 2:
            return
        if pixels.dtype != np.uint8 or channels not in CHANNELS[self.library]:
            raise ValueError(f"{self.library} does not resize {channels} channels of {pixels.dtype} here")
