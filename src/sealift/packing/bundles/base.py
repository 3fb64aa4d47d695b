"""The protocol of objects that hold more than a model, and the decorator that takes them apart.

An `Unbundler` is declared as an entry point of the group `sealift.bundles`. It reads objects by class name and
attributes, and does not import their library.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeVar

from sealift.packing.load_model import opened
from sealift.plugins import Plugins

_P = ParamSpec("_P")
_T = TypeVar("_T")


class ModelParts(NamedTuple):
    """Arguments of `pack` and `doctor`.

    Attributes:
        model: the model.
        X: the rows; None without rows.
        preprocess: what is between a row and the model.
        outputs: the heads of the model's outputs.
        class_names: the names of its classes.
    """

    model: Any
    X: Any = None
    preprocess: Any = None
    outputs: Any = None
    class_names: Any = None

    @property
    def is_named(self) -> bool:
        """Whether the meaning of the outputs is given."""
        return self.outputs is not None or self.class_names is not None


class Unbundler(Protocol):
    """Takes one kind of objects apart."""

    def unbundle(self, given: ModelParts) -> ModelParts | None:
        """The arguments with a model that a framework owns, and with what the object states about it.

        What the caller gives takes precedence. None for another kind of object.

        Raises:
            PackError: E325 to E328 for an object of this kind that cannot be packed.
        """


_unbundlers: Plugins[Unbundler] = Plugins("sealift.bundles", "kind of bundle")


def taken_apart(given: ModelParts) -> ModelParts:
    """The arguments after all installed kinds took their part. Raises PackError E325 to E328."""
    for unbundler in _unbundlers.all().values():
        given = unbundler.unbundle(given) or given
    return given


def unbundled(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """A decorator of functions with the arguments of `ModelParts`, which gets what they hold."""
    signature = inspect.signature(function)

    @wraps(function)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            given = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # raises a TypeError that names the function
        arguments = given.arguments
        arguments["model"] = opened(arguments["model"])
        parts = taken_apart(ModelParts(**{name: arguments.get(name) for name in ModelParts._fields}))
        arguments |= {name: value for name, value in parts._asdict().items() if value is not None}
        return function(*given.args, **given.kwargs)

    return called
