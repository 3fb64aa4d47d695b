"""An independent search of a sealed file for values in its bytes, in any member or tensor.

It does not use graphs or contracts: numbers are searched for at every offset as float64, float32 and int64 of either
byte order, and in every spelling of a decimal number; strings as UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

_DECIMAL = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_SPELLINGS = ("<f8", ">f8", "<f4", ">f4", "<i8", ">i8")


def numbers_in(data: bytes, values: npt.NDArray[np.float64]) -> set[float]:
    """The distinct values (N,) that occur in the data, or whose negatives do."""
    wanted = np.unique(values[np.isfinite(values)])
    numbers: set[float] = set()
    for spelling in _SPELLINGS:
        kind = np.dtype(spelling)
        for signed in (wanted, -wanted):
            if kind.kind == "i":
                whole = signed == np.round(signed)
                keys = signed[whole].astype(kind)
                origin = wanted[whole]
            else:
                keys, origin = signed.astype(kind), wanted
            bits = keys.view(f"u{kind.itemsize}")
            for offset in range(kind.itemsize):
                count = (len(data) - offset) // kind.itemsize
                if count < 1:
                    continue
                there = np.frombuffer(data, dtype=f"u{kind.itemsize}", count=count, offset=offset)
                numbers.update(origin[np.isin(bits, there)].tolist())
    spelled = np.array([float(text) for text in set(_DECIMAL.findall(data))])
    for signed in (wanted, -wanted):
        numbers.update(wanted[np.isin(signed, spelled)].tolist())
    return numbers


def strings_in(data: bytes, strings: Iterable[str]) -> set[str]:
    """The strings that occur in the data."""
    return {text for text in strings if text.encode() in data}
