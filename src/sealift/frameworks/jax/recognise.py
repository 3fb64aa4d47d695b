"""Which functions are JAX's: those of `jax.jit`, and those that hold arrays of JAX or name its modules.

A function of NumPy can look the same from outside, and is another framework's. So a function is JAX's if it was made by
JAX, if its closure or bound arguments contain arrays or modules of JAX, or if its code names a module of it.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

LIBRARIES = ("jax", "jaxlib", "flax", "equinox", "haiku")
_DEPTH = 4
"""How many functions that name one another are looked at."""


def is_function(model: Any) -> bool:
    """Whether a model is a function of JAX. The libraries are not imported, and without them no function is."""
    return "jax" in sys.modules and callable(model) and _is_function(model, _DEPTH)


def held(model: Any) -> dict[str, Any]:
    """What a function holds by name: its bound arguments, and the variables of its closure.

    A module behind a wrapper, as in `jax.vmap(module)`, has its type as its name.
    """
    function = _plain(model)
    if isinstance(function, functools.partial):
        bound = {str(at): value for at, value in enumerate(function.args)} | dict(function.keywords)
        return bound | held(function.func)
    if not isinstance(function, types.FunctionType):
        return {type(function).__name__: function} if function is not model else {}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {name: content for name, cell in cells for content in _content(cell)}


def _content(cell: types.CellType) -> Iterator[Any]:
    try:
        yield cell.cell_contents
    except ValueError:  # a variable that is not yet assigned
        return


def _is_function(model: Any, depth: int) -> bool:
    if depth == 0:
        return False
    if _is_of_library(type(model)):
        return not isinstance(model, sys.modules["jax"].Array) and not isinstance(model, type)
    if isinstance(model, functools.partial):
        return _is_function(model.func, depth) or any(_holds(value, depth) for value in held(model).values())
    if isinstance(model, types.MethodType):
        return any(_is_of_library(kind) for kind in type(model.__self__).__mro__) or _is_function(model.__func__, depth)
    function = _plain(model)
    if function is not model and not isinstance(function, types.FunctionType):
        return _is_function(function, depth - 1)
    if not isinstance(function, types.FunctionType):
        return False
    named = (function.__globals__.get(name) for name in _names(function.__code__))
    return any(_holds(value, depth) for value in (*held(function).values(), *named))


def _plain(model: Any) -> Any:
    """What is called behind a method and behind wrappers such as those of `jax.jit` and `jax.vmap`."""
    model = getattr(model, "__func__", model)
    while callable(getattr(model, "__wrapped__", None)):
        model = model.__wrapped__
    return model


def _holds(value: Any, depth: int) -> bool:
    """Whether a value is a module, array or function of JAX, or a collection with one in it."""
    if isinstance(value, types.ModuleType):
        return value.__name__.partition(".")[0] in LIBRARIES
    if isinstance(value, Mapping):
        return any(_holds(inner, depth) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(inner, depth) for inner in value)
    if any(_is_of_library(kind) for kind in type(value).__mro__):
        return True
    if isinstance(value, types.FunctionType) and _is_of_module(value.__module__):
        return True
    return isinstance(value, types.FunctionType | functools.partial) and _is_function(value, depth - 1)


def _is_of_library(kind: type) -> bool:
    return _is_of_module(kind.__module__)


def _is_of_module(name: Any) -> bool:
    return str(name).partition(".")[0] in LIBRARIES


def _names(code: types.CodeType) -> Iterator[str]:
    """The names of globals and attributes in a function's code, and in that of the functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
