"""How rows become the arguments of a net's function, and its result named arrays."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.value import VALUE
from sealift.errors import PackError

SINGLE = "x"
"""The name of the input of a net that takes one array."""
_TOKENS = ("input_ids", "attention_mask", "token_type_ids")
RESULT = VALUE.name
"""The name of a single result."""


@dataclass(frozen=True)
class Arguments:
    """The inputs of a net, in order.

    Attributes:
        names: their names: of the arguments of its function, except for a single one.
        by_keyword: whether they are passed by name.
    """

    names: tuple[str, ...] = (SINGLE,)
    by_keyword: bool = False

    @classmethod
    def of(cls, function: Callable[..., Any], rows: Any, kind: str) -> Arguments:
        """Those that the caller's rows have: a dict of arrays by name, a tuple by position, else one array.

        Args:
            function: the net's function, such as the forward of a module.
            rows: the caller's rows.
            kind: the type of the model, for messages.

        Raises:
            PackError: E305 when the function takes fewer arrays.
        """
        if isinstance(rows, Mapping):
            return cls(tuple(str(name) for name in rows), by_keyword=True)
        if isinstance(rows, tuple):
            return cls(_positional(function, len(rows), kind))
        return cls()

    @classmethod
    def of_tokens(cls, function: Callable[..., Any]) -> Arguments:
        """Those that a tokenizer computes, as far as the function has arguments with their names; else one array."""
        parameters = inspect.signature(function).parameters
        names = tuple(name for name in _TOKENS if name in parameters)
        return cls(names, by_keyword=True) if len(names) > 1 else cls()

    def call(self, function: Callable[..., Any], tensors: Sequence[Any]) -> Any:
        """Call a function with one tensor for each name."""
        if self.by_keyword:
            return function(**dict(zip(self.names, tensors, strict=True)))
        return function(*tensors)

    def arrays(self, rows: Any) -> dict[str, npt.NDArray[Any]]:
        """The arrays of rows in the caller's format, by name."""
        if isinstance(rows, Mapping):
            return {name: array_of(rows[name]) for name in self.names}
        if isinstance(rows, tuple):
            return {name: array_of(part) for name, part in zip(self.names, rows, strict=True)}
        return {self.names[0]: array_of(rows)}


def array_of(values: Any) -> npt.NDArray[Any]:
    """Rows as an array: a tensor with gradients, a sparse matrix, a data frame or anything that NumPy reads."""
    if hasattr(values, "detach"):
        return np.asarray(values.detach().cpu().numpy())
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values)


def named_results(result: Any, kind: type) -> dict[str, Any]:
    """The tensors of a result by name: those of a dict or data class by its keys, of a tuple by position.

    Values that are no tensors, such as None or a cache, are left out.

    Args:
        result: what the net returns.
        kind: the type of tensors.

    Raises:
        TypeError: when there is none.
    """
    if isinstance(result, kind):
        return {RESULT: result}
    tensors = _flat(result, "", kind)
    if not tensors:
        raise TypeError(f"it gives {type(result).__name__} in place of a tensor")
    return tensors


def _flat(value: Any, name: str, kind: type) -> dict[str, Any]:
    if isinstance(value, kind):
        return {name: value}
    parts: dict[str, Any] = {}
    for key, inner in _items(value):
        parts |= _flat(inner, f"{name}_{key}" if name else key, kind)
    return parts


def _items(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(str(key), inner) for key, inner in value.items()]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(zip(value._fields, value, strict=True))
    if isinstance(value, tuple | list):
        return [(f"output_{at}", inner) for at, inner in enumerate(value)]
    return []


def _positional(function: Callable[..., Any], count: int, kind: str) -> tuple[str, ...]:
    """The names of the first arguments of a function. Raises PackError E305 when it takes fewer."""
    parameters = list(inspect.signature(function).parameters.values())
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        names += [f"{SINGLE}{at}" for at in range(len(names), count)]
    if len(names) < count:
        called = getattr(function, "__name__", "the function")
        raise PackError(
            "E305",
            f"X is a tuple of {count} arrays, but {called} takes {len(names)}.",
            where=kind,
            fix=f"Give one array for each argument of {called}, as a tuple or as a dict by their names.",
        )
    return tuple(names[:count])
