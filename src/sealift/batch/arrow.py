"""pyarrow columns as NumPy arrays without `to_numpy`, which imports pandas where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_OBJECT = 48  # bytes of a small object and of the pointer to it
_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}


def values_of(array: Any) -> npt.NDArray[Any]:
    """The values (N,) of an Array of numbers; undefined where it is null."""
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


def check_indices(array: Any) -> None:
    """Raise IndexError when an index of a dictionary Array is out of range, which pyarrow does not check."""
    at = values_of(array.indices)[present(array.indices)]
    if at.size and not 0 <= int(at.min()) <= int(at.max()) < len(array.dictionary):
        raise IndexError("an index is outside its dictionary")


def python_size(array: Any) -> int:
    """Approximate size in bytes of the values of a nested Array as Python objects. Raises as `check_indices`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    types, kind = pa.types, array.type
    if types.is_dictionary(kind):
        check_indices(array)
        return _OBJECT * len(array) + int(pc.sum(pc.binary_length(array.dictionary).take(array.indices)).as_py() or 0)
    if types.is_struct(kind):
        return _OBJECT * len(array) + sum(python_size(child) for child in array.flatten())
    if types.is_nested(kind):
        return _OBJECT * len(array) + python_size(array.flatten())
    return _OBJECT * len(array) + int(array.nbytes)
