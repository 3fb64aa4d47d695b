"""The modules whose code a user function may run: its own, and those of the user's that it refers to."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from sealift.tracing.unsupported import is_library

_MOST_ITEMS = 1000  # of a list or dict in a module; functions are kept in short ones


class Reachable:
    """Namespaces of modules and cells of closures.

    Attributes:
        namespaces: the global names of each module.
        cells: the variables of enclosing functions.
    """

    def __init__(self, function: Any) -> None:
        """Follow the names of `function`'s module to functions, classes and modules of the user's, and so on.

        A library's module is included only where `function` itself is defined in it.
        """
        self.namespaces: list[dict[str, Any]] = []
        self.cells: list[CellType] = []
        self._visited: set[int] = set()
        own = _globals_of(function)
        if own is not None:
            self._add(own)
        self.cells += getattr(function, "__closure__", None) or ()
        pending = [function, *(own or {}).values(), *_attributes(getattr(function, "__self__", function))]
        while pending:
            pending += self._referred_to(pending.pop())

    def _add(self, names: dict[str, Any]) -> bool:
        """Whether the namespace is new and belongs to the user, so that what it holds is followed too."""
        if id(names) in self._visited:
            return False
        self._visited.add(id(names))
        self.namespaces.append(names)
        return True

    def _module(self, names: dict[str, Any]) -> Iterable[Any]:
        return list(names.values()) if _is_users(names) and self._add(names) else ()

    def _referred_to(self, value: Any) -> Iterator[Any]:
        # Not isinstance, which asks a proxy for the class of what it stands for.
        kind = type(value)
        if issubclass(kind, ModuleType):
            yield from self._module(vars(value))
            return
        if id(value) in self._visited:
            return
        if kind is FunctionType:
            self._visited.add(id(value))
            yield from self._of_function(value)
        elif kind is MethodType:
            yield from (value.__func__, value.__self__)
        elif issubclass(kind, functools.partial):
            yield from (value.func, *value.args, *value.keywords.values())
        elif kind is functools._lru_cache_wrapper:
            yield value.__wrapped__
        elif issubclass(kind, property | staticmethod | classmethod | functools.cached_property):
            yield from (getattr(value, name, None) for name in ("fget", "func", "__func__"))
        elif issubclass(kind, type):
            self._visited.add(id(value))
            yield from self._of_class(value)
        elif kind in (list, tuple, set, frozenset, dict):
            self._visited.add(id(value))
            if len(value) <= _MOST_ITEMS:
                yield from list(value.values() if kind is dict else value)
        elif _is_users_class(kind):
            self._visited.add(id(value))
            yield kind
            yield from _attributes(value)

    def _of_function(self, function: FunctionType) -> Iterator[Any]:
        yield getattr(function, "__wrapped__", None)
        cells = function.__closure__ or ()
        yield from (content for cell in cells for content in _contents(cell))
        yield from function.__defaults__ or ()
        yield from (function.__kwdefaults__ or {}).values()
        if _is_users(function.__globals__):
            self.cells += cells
            yield from self._module(function.__globals__)
            yield from _imported_in(function.__code__, str(function.__globals__.get("__package__") or ""))

    def _of_class(self, kind: type) -> Iterator[Any]:
        for base in kind.__mro__:
            if _is_users_class(base):
                yield sys.modules.get(base.__module__)
                yield from vars(base).values()


def _globals_of(function: Any) -> dict[str, Any] | None:
    while hasattr(function, "func"):  # functools.partial
        function = function.func
    owner = function if hasattr(function, "__globals__") else type(function).__call__
    return getattr(owner, "__globals__", None)


def _attributes(value: Any) -> list[Any]:
    if issubclass(type(value), type | ModuleType):
        return []
    try:
        names = object.__getattribute__(value, "__dict__")
    except AttributeError:  # slots
        return []
    return list(names.values())


def _contents(cell: CellType) -> list[Any]:
    try:
        return [cell.cell_contents]
    except ValueError:  # not assigned yet
        return []


def _imported_in(code: CodeType, package: str) -> Iterator[Any]:
    """The modules already loaded that a function's own import statements name."""
    for name in code.co_names:
        for module in (name, f"{package}.{name}"):
            if module in sys.modules:
                yield sys.modules[module]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _imported_in(constant, package)


def _is_users(names: dict[str, Any]) -> bool:
    """Whether a module belongs to the user: neither to Python nor to an installed package."""
    if names.get("__name__") == "__main__":
        return True
    place = names.get("__file__")
    return bool(place) and not is_library(str(place))


def _is_users_class(kind: type) -> bool:
    module = sys.modules.get(kind.__module__)
    return module is not None and _is_users(vars(module))
