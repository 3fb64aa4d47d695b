"""The values of a jaxpr during its conversion, and their shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Shape: TypeAlias = tuple[Any, ...]
"""Sizes: integers, or JAX's expressions of free sizes such as `b` and `4*b`."""


@dataclass(frozen=True, eq=False)
class Operand:
    """The value of a variable: a tensor of the graph, or a constant.

    A broadcast is not computed before an operator needs it: the tensor can have the size 1, or no axes at all, where
    the variable is larger.

    Attributes:
        shape: the shape of the variable.
        dtype: its dtype; JAX's own for keys of random numbers.
        stored: the shape of the tensor or constant, which broadcasts to `shape`.
        name: the tensor; empty for a constant.
        array: the elements of a constant.
    """

    shape: Shape
    dtype: Any
    stored: Shape
    name: str = ""
    array: Any = None

    @property
    def is_constant(self) -> bool:
        """Whether the elements are known."""
        return self.array is not None

    @classmethod
    def of_array(cls, array: Any) -> Operand:
        """A constant."""
        return cls(tuple(array.shape), array.dtype, tuple(array.shape), array=array)


def is_fixed(shape: Shape) -> bool:
    """Whether every size is a number."""
    return all(isinstance(size, int | np.integer) for size in shape)


def same(a: Any, b: Any) -> bool:
    """Whether two sizes are equal; an expression equals only itself."""
    return (isinstance(a, int | np.integer) == isinstance(b, int | np.integer)) and str(a) == str(b)


def same_shape(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Whether two shapes are equal."""
    return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))


def joined(shapes: Sequence[Shape]) -> Shape:
    """The shape to which operands broadcast; an operand without axes fits every shape."""
    rank = max(len(shape) for shape in shapes)
    result: list[Any] = [1] * rank
    for shape in shapes:
        for at, size in enumerate(shape):
            if not same(size, 1):
                result[at] = size
    return tuple(result)
