"""pyarrow's columns as NumPy arrays without `to_numpy`, which would import pandas wherever it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}


def values_of(array: Any) -> npt.NDArray[Any]:
    """The values (N,) of an Array of numbers; what stands at its nulls means nothing."""
    kind = np.dtype(_FLOATS.get(str(array.type), str(array.type)))
    if not len(array):
        return np.empty(0, dtype=kind)
    return np.frombuffer(array.buffers()[1], dtype=kind, count=len(array), offset=array.offset * kind.itemsize)


def present(array: Any) -> npt.NDArray[np.bool_]:
    """Which entries (N,) of an Array are not null."""
    bits = array.buffers()[0] if len(array) else None
    if bits is None:
        return np.ones(len(array), dtype=np.bool_)
    flags = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), bitorder="little")
    return flags[array.offset : array.offset + len(array)].astype(np.bool_)
