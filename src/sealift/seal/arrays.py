"""Arrays of golden examples and background rows, outside the JSON (spec/SEAL.md §6)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from sealift.seal.layout import ARRAY, Bytes, too_much

if TYPE_CHECKING:  # a file is checked without NumPy
    import numpy.typing as npt

# The element types, those of the fewest bytes first.
_DTYPES = {"uint8": "|u1", "float32": "<f4", "float64": "<f8"}
_SIZES = {"uint8": 1, "float32": 4, "float64": 8}
_MOST_AXES = 9  # of a value, and that of the rows
_MOST_NUMBERS = 1 << 25  # in all references of a member together, as float64 256 MiB


def stored(array: npt.NDArray[Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A reference to an array of float64 as the JSON holds it, and the member with its elements.

    They are stored in the smallest element type that has the same values.
    """

    dtype = next(dtype for dtype, code in _DTYPES.items() if _is_exact(array, code))
    body = array.astype(_DTYPES[dtype]).tobytes()
    member = f"{ARRAY}{hashlib.sha256(body).hexdigest()}"
    return {"dtype": dtype, "member": member, "shape": list(array.shape)}, {member: body}


def read(reference: object, members: Mapping[str, Bytes]) -> npt.NDArray[Any]:
    """The array of a reference, a read-only view into its member. Raises ValueError."""
    import numpy as np

    if not isinstance(reference, dict) or set(reference) != {"dtype", "member", "shape"}:
        raise ValueError("a reference to an array must have dtype, member and shape")
    dtype, member, shape = reference["dtype"], reference["member"], reference["shape"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise ValueError(f"the dtype of an array must be one of {', '.join(_DTYPES)}")
    if not _is_shape(shape):
        raise ValueError(f"the shape of an array must be a list of 1 to {_MOST_AXES} integers from 1 to 2^31 - 1")
    if not isinstance(member, str) or not member.startswith(ARRAY) or member not in members:
        raise ValueError("the member with the elements of an array is missing")
    if len(members[member]) != math.prod(int(size) for size in shape) * _SIZES[dtype]:
        raise ValueError("the member with the elements of an array has another size than its shape and dtype")
    return np.frombuffer(members[member], dtype=_DTYPES[dtype]).reshape([int(size) for size in shape])


def referenced(value: object) -> set[str]:
    """The members that golden examples or background rows refer to, which may be malformed."""
    names = [reference.get("member") for reference in _references(value)]
    return {name for name in names if isinstance(name, str)}


def check_count(value: object) -> None:
    """Raise SealError E203 where golden examples refer to too many numbers; one member may be referred to often."""
    shapes = [reference.get("shape") for reference in _references(value)]
    count = sum(math.prod(int(size) for size in shape) for shape in shapes if _is_shape(shape))
    if count > _MOST_NUMBERS:
        raise too_much(f"its examples refer to arrays of {count} numbers, {_MOST_NUMBERS} are allowed")


def _references(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    groups = [value.get("arrays"), value.get("answers")]
    return [one for group in groups if isinstance(group, dict) for one in group.values() if isinstance(one, dict)]


def _is_shape(shape: object) -> TypeGuard[list[float]]:
    return isinstance(shape, list) and 0 < len(shape) <= _MOST_AXES and all(map(_is_size, shape))


def _is_exact(array: npt.NDArray[Any], code: str) -> bool:
    """Whether an element type has all values of an array, with the sign of zero and the payload of NaN."""
    import numpy as np

    with np.errstate(invalid="ignore", over="ignore"):
        return array.astype(code).astype(np.float64).tobytes() == array.tobytes()


def _is_size(size: Any) -> bool:
    return type(size) in (int, float) and 1 <= size < 1 << 31 and size == int(size)
