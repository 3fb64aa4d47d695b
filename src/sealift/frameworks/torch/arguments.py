"""How rows become the arguments of a module's forward, and its result named tensors."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from sealift.contract.outputs.value import VALUE
from sealift.errors import PackError

SINGLE = "x"
"""The name of the input of a module that takes one array."""
_TOKENS = ("input_ids", "attention_mask", "token_type_ids")
RESULT = VALUE.name
"""The name of a single result."""


@dataclass(frozen=True)
class Arguments:
    """The inputs of a module, in order.

    Attributes:
        names: their names: of the arguments of forward, except for a single one.
        by_keyword: whether they are passed by name.
    """

    names: tuple[str, ...] = (SINGLE,)
    by_keyword: bool = False

    @classmethod
    def of(cls, module: torch.nn.Module, rows: Any) -> Arguments:
        """Those that the caller's rows have: a dict of arrays by name, a tuple by position, else one array."""
        if isinstance(rows, Mapping):
            return cls(tuple(str(name) for name in rows), by_keyword=True)
        if isinstance(rows, tuple):
            return cls(_positional(module, len(rows)))
        return cls()

    @classmethod
    def of_tokens(cls, module: Any) -> Arguments:
        """Those that a tokenizer computes, as far as forward has arguments with their names; else one array."""
        parameters = inspect.signature(module.forward).parameters
        names = tuple(name for name in _TOKENS if name in parameters)
        return cls(names, by_keyword=True) if len(names) > 1 else cls()

    def call(self, module: Any, tensors: Sequence[torch.Tensor]) -> Any:
        """Call the module with one tensor for each name."""
        if self.by_keyword:
            return module(**dict(zip(self.names, tensors, strict=True)))
        return module(*tensors)

    def arrays(self, rows: Any) -> dict[str, npt.NDArray[Any]]:
        """The arrays of rows in the caller's format, by name."""
        if isinstance(rows, Mapping):
            return {name: array_of(rows[name]) for name in self.names}
        if isinstance(rows, tuple):
            return {name: array_of(part) for name, part in zip(self.names, rows, strict=True)}
        return {self.names[0]: array_of(rows)}


def array_of(values: Any) -> npt.NDArray[Any]:
    """Rows as an array: a tensor of PyTorch, a sparse matrix, a data frame or anything that NumPy reads."""
    if isinstance(values, torch.Tensor):
        return np.asarray(values.detach().cpu().numpy())
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values)


def named_results(result: Any) -> dict[str, torch.Tensor]:
    """The tensors of a result by name: those of a dict or data class by its keys, of a tuple by position.

    Values that are no tensors, such as None or a cache, are left out.
    """
    if isinstance(result, torch.Tensor):
        return {RESULT: result}
    results = _flat(result, "")
    if not results:
        raise TypeError(f"the module gives {type(result).__name__} in place of a tensor")
    return results


def _flat(value: Any, name: str) -> dict[str, torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return {name: value}
    parts: dict[str, torch.Tensor] = {}
    for key, inner in _items(value):
        parts |= _flat(inner, f"{name}_{key}" if name else key)
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


def _positional(module: torch.nn.Module, count: int) -> tuple[str, ...]:
    """The names of the first arguments of forward. Raises PackError E305 when it takes fewer."""
    parameters = list(inspect.signature(module.forward).parameters.values())
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        names += [f"{SINGLE}{at}" for at in range(len(names), count)]
    if len(names) < count:
        raise PackError(
            "E305",
            f"X is a tuple of {count} arrays, but forward takes {len(names)}.",
            where=type(module).__name__,
            fix="Give one array for each argument of forward, as a tuple or as a dict by their names.",
        )
    return tuple(names[:count])


class Flat(torch.nn.Module):  # type: ignore[misc] # torch is not typed here
    """A module that takes tensors by position and returns its named results as a tuple."""

    def __init__(self, module: torch.nn.Module, arguments: Arguments) -> None:
        super().__init__()
        self.module = module
        self._arguments = arguments

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The results in the order of `named_results`."""
        return tuple(named_results(self._arguments.call(self.module, tensors)).values())
