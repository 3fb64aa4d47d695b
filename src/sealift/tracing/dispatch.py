"""Operations of arrays and data frames that upper modules implement.

The classes that take the place of arrays and data frames stand in low modules, and what they compute in upper ones. A
class calls one of these operations; the module that implements it registers its function when it is imported.
`sealift.tracing` imports all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])


class Operation:
    """A function that is called here and implemented in a module further up."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._function: Callable[..., Any] | None = None

    def implement(self, function: _F) -> _F:
        """Register the implementation. The decorated function stays as it is."""
        self._function = function
        return function

    def __call__(self, *args: Any) -> Any:
        """The implementation's result. Raises RuntimeError where its module was not imported."""
        if self._function is None:
            raise RuntimeError(f"The operation {self._name} has no implementation; import sealift.tracing.")
        return self._function(*args)


ufunc = Operation("ufunc")
"""`__array_ufunc__`: (function, method, inputs, options)."""
array_function = Operation("array_function")
"""`__array_function__`: (function, args, kwargs)."""
get_item = Operation("get_item")
"""`array[key]`."""
set_item = Operation("set_item")
"""`array[key] = value`."""
transpose = Operation("transpose")
"""`array.T`."""
