"""`Array`: what the user's function is given in place of an array. Every operation on it becomes nodes of the graph."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from sealift.graph.builder import Shape, Tensor
from sealift.tracing import dispatch
from sealift.tracing.unsupported import ROWS, UnsupportedAttribute, UnsupportedOperation, rows_at_once

_NARROW = frozenset(map(np.dtype, ("int8", "int16", "int32", "uint8", "uint16", "uint32")))
_DTYPES = ("bool", "float32", "float64", "int64", "object")
_ACROSS_ROWS_METHODS = {"sort", "argsort", "cumprod", "repeat", "searchsorted", "tolist", "item", "nonzero"}
_ACROSS_ROWS = "It needs all rows at once; compute on whole columns."

ARRAY_METHODS: dict[str, Callable[..., Any]] = {}
"""The methods of NumPy's arrays, which `methods` registers: name → function of the array and the arguments."""
ARRAY_PROPERTIES: dict[str, Callable[[Any], Any]] = {}
"""The attributes of NumPy's arrays that are computed, by name."""


class Memory:
    """What arrays that are views of each other share: how often it was written to."""

    def __init__(self) -> None:
        self.version = 0


class Array(NDArrayOperatorsMixin):
    """An array whose rows are not known; one axis of its shape is None.

    Attributes:
        narrow: the dtype of whole numbers that is narrower than the tensor's int64, else None.
        missing: for strings, where one is missing.
        null: for strings, what a missing one is, None or NaN.
    """

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __init__(
        self,
        tensor: Tensor,
        missing: Tensor | None = None,
        memory: Memory | None = None,
        *,
        narrow: np.dtype[Any] | None = None,
    ) -> None:
        self._tensor = tensor
        self.narrow = narrow if narrow is not None and narrow.name != tensor.dtype else None
        self.missing = missing
        self._memory = memory or Memory()
        self._version = self._memory.version

    # Functions of NumPy's and the user's own ask `isinstance(x, np.ndarray)`.
    @property
    def __class__(self) -> type:
        return np.ndarray

    @__class__.setter
    def __class__(self, kind: type) -> None:
        raise TypeError("the class of a placeholder cannot be set")

    def tensor(self) -> Tensor:
        """The values. Raises UnsupportedOperation when they were changed through another view."""
        if self._version != self._memory.version:
            raise UnsupportedOperation(
                "it assigns into a part of an array and then reads the array through another name",
                "Work on a copy: x = x.copy(), or build the new column with np.where and np.column_stack.",
            )
        return self._tensor

    def write(self, tensor: Tensor) -> None:
        """Put other values in place; views of the same memory become unreadable."""
        assert self.tensor() is not None
        self._memory.version += 1
        self._version = self._memory.version
        self._tensor = tensor

    def shared(self, tensor: Tensor, missing: Tensor | None = None) -> Array:
        """Values that share this array's memory, as NumPy's slices do."""
        return Array(tensor, missing, self._memory, narrow=self.narrow)

    @property
    def sizes(self) -> Shape:
        """The shape, None for the rows."""
        return self._tensor.shape

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape as user code sees it."""
        return tuple(ROWS if size is None else size for size in self.sizes)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.sizes)

    @property
    def size(self) -> int:
        """The number of values, a multiple of what stands for the rows."""
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype."""
        return self.narrow if self.narrow is not None else np.dtype(self._tensor.dtype)

    @property
    def T(self) -> Array:  # noqa: N802 - NumPy's name
        """The array transposed."""
        return dispatch.transpose(self)  # type: ignore[no-any-return]

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return dispatch.ufunc(function, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return dispatch.array_function(function, args, kwargs)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise UnsupportedOperation(
            "it hands the values to code that is not NumPy's own, which cannot be followed",
            "Leave out np.asarray and np.array or import numpy at the top of the module; say what other libraries do "
            "with NumPy's functions, or compute the column before the model.",
        )

    def __getitem__(self, key: Any) -> Any:
        return dispatch.get_item(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        dispatch.set_item(self, key, value)

    def __len__(self) -> int:
        if not self.sizes:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.sizes or self.sizes[0] is None:
            raise rows_at_once("a loop over the rows", "Compute on whole columns: x[:, 0] * 2 in place of a loop.")
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self, item: object) -> bool:
        raise _decided()

    def __bool__(self) -> bool:
        raise _decided()

    def __float__(self) -> float:
        raise _one_number("float")

    def __int__(self) -> int:
        raise _one_number("int")

    def __index__(self) -> int:
        raise _one_number("int")

    def __complex__(self) -> complex:
        raise _one_number("complex")

    def __round__(self, digits: int = 0) -> Any:
        return np.round(self, digits)

    def __copy__(self) -> Array:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Array:
        return self.copy()

    def __repr__(self) -> str:
        return f"<array of {self.dtype} that is being traced, shape {('rows', *self.sizes[1:])}>"

    def copy(self, *_: Any, **__: Any) -> Array:
        """The same values in a memory of their own."""
        return Array(self.tensor(), self.missing, narrow=self.narrow)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        known = ARRAY_METHODS.get(name)
        if known is not None:
            return partial(known, self)
        if name in ARRAY_PROPERTIES:
            return ARRAY_PROPERTIES[name](self)
        raise unsupported_attribute("an array", name, _ACROSS_ROWS if name in _ACROSS_ROWS_METHODS else "")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("shape", "dtype", "flat"):
            raise UnsupportedOperation(f"it sets .{name} of an array", "Use .reshape() or .astype().")
        object.__setattr__(self, name, value)


def is_array(value: Any) -> bool:
    """Whether it is a placeholder; isinstance is of no use, for it says that it is NumPy's."""
    return issubclass(type(value), Array)


def unsupported_attribute(kind: str, name: str, fix: str = "") -> UnsupportedAttribute:
    """The error for a method or attribute that is not supported."""
    return UnsupportedAttribute(
        f"it uses .{name} of {kind}, which is not traced",
        fix or "Use arithmetic, np.where and other functions of NumPy on whole columns.",
    )


def pandas_class(module: str, name: str) -> type | None:
    """A class of pandas, where somebody has imported it already."""
    return getattr(sys.modules.get(f"pandas.core.{module}"), name, None)


def dtype_of(kind: Any) -> str:
    """The graph's name of a dtype. Raises UnsupportedOperation for one that it does not have."""
    result: str = np.dtype(kind).name
    if result not in _DTYPES or result == "object":
        raise UnsupportedOperation(
            f"it makes values of the dtype {result}, which the graph does not have",
            "Use float64, float32, int64 or bool: .astype(float) in place of smaller or larger types.",
        )
    return result


def tensor_dtype(kind: Any) -> str:
    """The graph's name of the dtype that holds values of `kind`: narrower whole numbers are held as int64."""
    dtype = np.dtype(kind)
    return "int64" if dtype in _NARROW else dtype_of(dtype)


def _decided() -> UnsupportedOperation:
    return UnsupportedOperation(
        "it decides by the values: Python's if, while, and, or, not and in need one answer for all rows",
        "Write np.where(condition, value, otherwise) in place of if, and & | ~ in place of and, or, not.",
    )


def _one_number(kind: str) -> UnsupportedOperation:
    return UnsupportedOperation(
        f"it makes one Python number of a whole column ({kind}(), or a function of math)",
        "Use NumPy's function of the same name, such as np.log for math.log, and .astype(float) for float().",
    )
