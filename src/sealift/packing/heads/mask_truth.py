"""True masks as the caller has them: arrays, pictures of Pillow, or files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.errors import PackError


def class_maps(y: Any, names: Sequence[str]) -> Any:
    """The true masks (N,) as an array of objects, each int64 (height, width); None where there are none.

    Indices that are no class, such as 255 for pixels without a truth, become −1.

    Raises:
        PackError: E354 for values that are no masks.
    """
    if y is None:
        return None
    rows: npt.NDArray[Any] = np.empty(len(y), dtype=object)
    for at, value in enumerate(y):
        rows[at] = _class_map(value, len(names), at)
    return rows


def _class_map(value: Any, count: int, at: int) -> npt.NDArray[np.int64]:
    if isinstance(value, str | Path):
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(value) as picture:
                array = np.array(picture)
        except (OSError, UnidentifiedImageError) as error:
            raise _unfit(at, f"cannot be read: {error}") from error
    else:
        array = np.asarray(value)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim != 2 or array.dtype.kind not in "biu" or not array.size:
        raise _unfit(at, f"has the shape {array.shape} and the dtype {array.dtype}")
    whole = array.astype(np.int64)
    return np.where((whole >= 0) & (whole < count), whole, -1)


def _unfit(at: int, what: str) -> PackError:
    return PackError(
        "E354",
        f"y has no mask for row {at + 1}: the value {what}.",
        fix="Give for each picture an array (height, width) with the index of the class of each pixel, or the path of "
        "a PNG with these indices, in the size of the picture.",
    )
