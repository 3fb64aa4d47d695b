"""Rounding of doubles to float32."""

from __future__ import annotations

import math
import struct

_BEYOND = 3.5e38  # is rounded to infinity


def single(value: float) -> float:
    """The nearest float32, which may be infinite."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def rounding_to(low: float, high: float) -> tuple[float, float]:
    """The smallest and the largest double whose float32 is between `low` and `high`."""
    return -_largest_below(-low), _largest_below(high)


def _largest_below(bound: float) -> float:
    """The largest double whose float32 is at most `bound`, by bisection."""
    inside, outside = -_BEYOND, _BEYOND
    if single(outside) <= bound:
        return outside
    while math.nextafter(inside, math.inf) < outside:
        middle = inside / 2 + outside / 2
        if middle in (inside, outside):
            middle = math.nextafter(inside, math.inf)
        inside, outside = (middle, outside) if single(middle) <= bound else (inside, middle)
    return inside
