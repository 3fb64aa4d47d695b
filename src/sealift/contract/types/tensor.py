"""`tensor[2,length]`: an array of numbers with fixed and named dimensions, which has its own tensor in the graph."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sealift.contract.tensor_spec import TensorSpec
from sealift.contract.types.base import CellRules, ValueType
from sealift.contract.values import OK, SPACE, WRONG_TYPE, Encoded, Unreadable, is_missing

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt

    from sealift.contract.scalars import Scalar

MOST_DIMENSIONS, MOST_ELEMENTS = 8, 1 << 20
"""The maximum number of dimensions and elements of one value."""

_SIZE, _NAME = re.compile(r"[1-9][0-9]{0,6}"), re.compile(r"[a-z][a-z_]{0,31}")
_DEEPEST = "[" * (MOST_DIMENSIONS + 1)


class TensorType(ValueType):
    """Arrays of finite numbers. All rows of one call have the same sizes of named dimensions.

    In Python a value is an array, or nested lists; in a cell of text it is JSON.
    """

    name = "tensor"
    capability = "type:tensor/1"
    has_parameters = True
    has_categories = False
    has_range = False

    def __init__(self, shape: tuple[int | str, ...] = ()) -> None:
        self.shape = shape
        self.axes = len(shape)
        self.needed = f"an array of numbers of the shape {self._spelled()}"

    def of(self, parameters: str) -> ValueType | None:
        """The type of arrays of a shape such as `2,length`."""
        parts = parameters.split(",")
        if len(parts) > MOST_DIMENSIONS or not all(_SIZE.fullmatch(part) or _NAME.fullmatch(part) for part in parts):
            return None
        shape = tuple(int(part) if part[0].isdigit() else part for part in parts)
        names = [size for size in shape if isinstance(size, str)]
        sizes = [size for size in shape if isinstance(size, int)]
        if len(set(names)) != len(names) or math.prod(sizes) > MOST_ELEMENTS:
            return None
        return TensorType(shape)

    def fits(self, value: object) -> bool:
        """False: the type has no categories and no typical value."""
        del value
        return False

    def cell(self, cell: str, rules: CellRules) -> Any:
        """Nested lists in JSON."""
        text = cell.strip(SPACE)
        if text in rules.missing:
            return None
        try:
            # The file may be hostile: deeply nested JSON, which cannot be of this type, would exhaust the stack.
            value = Unreadable(cell) if _DEEPEST in text.replace(" ", "") else json.loads(text)
        except (ValueError, RecursionError):
            return Unreadable(cell)
        return value if isinstance(value, list) else Unreadable(cell)

    def encode(self, column: Sequence[Any] | npt.NDArray[Any]) -> Encoded:
        """float64 (N, *shape), NaN where missing.

        The first array of the right shape determines the sizes of named dimensions for all rows.
        """
        import numpy as np

        if isinstance(column, np.ndarray) and column.dtype.kind in "fiub" and self._agrees(column.shape[1:]):
            return _whole(column)
        count = len(column)
        codes = np.full(count, OK, dtype=np.uint8)
        missing = np.zeros(count, dtype=np.bool_)
        sizes: tuple[int, ...] | None = None
        arrays: list[npt.NDArray[np.float64] | None] = [None] * count
        for row, value in enumerate(column):
            if not isinstance(value, np.ndarray | list | tuple) and is_missing(value):
                missing[row] = True
                continue
            array = _numbers(value)
            if array is None or not self._agrees(array.shape) or sizes not in (None, array.shape):
                codes[row] = WRONG_TYPE
                continue
            sizes, arrays[row] = array.shape, array
        whole = np.zeros((count, *(sizes or (size if isinstance(size, int) else 1 for size in self.shape))))
        for row, array in enumerate(arrays):
            if array is not None:
                whole[row] = array
        whole[missing] = math.nan
        return Encoded(whole, missing, codes)

    def hint(self, value: object) -> str:
        """The actual shape of an array."""
        import numpy as np

        array = None if isinstance(value, Unreadable) else _numbers(value)
        if array is None:
            return ""
        if self._agrees(array.shape):
            return f" Its shape {list(array.shape)} differs from that of earlier rows; predict such rows separately."
        return f" Its shape is {list(np.shape(array))}."

    def json_schema(self, low: float, high: float, categories: Sequence[Scalar] | None) -> dict[str, Any]:
        """Nested lists."""
        del low, high, categories
        schema: dict[str, Any] = {"type": "number"}
        for size in reversed(self.shape):
            limits = {"minItems": size, "maxItems": size} if isinstance(size, int) else {"minItems": 1}
            schema = {"type": "array", "items": schema, **limits}
        return schema

    def tensors(self, field: int) -> tuple[TensorSpec, ...]:
        """`tensor<field>`; the field's number is also appended to its named dimensions, which no other field shares."""
        shape = (size if isinstance(size, int) else f"{size}{field}" for size in self.shape)
        return (TensorSpec(f"tensor{field}", "float64", ("rows", *shape), (field,)),)

    def _agrees(self, shape: tuple[int, ...]) -> bool:
        if len(shape) != len(self.shape) or not 0 < math.prod(shape) <= MOST_ELEMENTS:
            return False
        return all(isinstance(wanted, str) or size == wanted for size, wanted in zip(shape, self.shape, strict=True))

    def _spelled(self) -> str:
        return f"[{', '.join(map(str, self.shape))}]"


def _whole(column: npt.NDArray[Any]) -> Encoded:
    """Arrays of one shape (N, *shape), of which each is a value where all its elements are finite."""
    import numpy as np

    array = column.astype(np.float64)
    finite = np.isfinite(array).all(axis=tuple(range(1, array.ndim)))
    array[~finite] = 0.0
    codes = np.where(finite, OK, WRONG_TYPE).astype(np.uint8)
    return Encoded(array, np.zeros(len(array), dtype=np.bool_), codes)


def _numbers(value: object) -> npt.NDArray[np.float64] | None:
    """The value as float64; None unless it is an array, or nested lists, of finite numbers."""
    import numpy as np

    if isinstance(value, np.ndarray) and value.dtype == np.object_:
        value = value.tolist()  # from Arrow or polars: lists of lists
    if isinstance(value, list | tuple):
        if not _are_numbers(value, MOST_DIMENSIONS):
            return None
        try:
            value = np.array(value, dtype=np.float64)
        except (ValueError, TypeError, OverflowError):  # rows of different lengths; a number beyond float64
            return None
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub" or value.size == 0:
        return None
    array = value.astype(np.float64)
    return array if bool(np.isfinite(array).all()) else None


def _are_numbers(value: object, depth: int) -> bool:
    import numpy as np

    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub" or (value.dtype == np.object_ and _are_numbers(value.tolist(), depth))
    if isinstance(value, list | tuple):
        return depth > 0 and all(_are_numbers(item, depth - 1) for item in value)
    return isinstance(value, int | float | np.number | np.bool_) and not isinstance(value, np.complexfloating)


TENSOR = TensorType()
