"""The installed frameworks, found by entry points, and the one that owns a model."""

from __future__ import annotations

import threading
from importlib import import_module
from typing import Any

from sealift.errors import MissingExtraError, PackError
from sealift.frameworks.base import Framework, Source
from sealift.plugins import Plugins

_lock = threading.RLock()
_loaded: set[str] = set()


_plugins: Plugins[Framework] = Plugins("sealift.frameworks", "framework")


def frameworks() -> tuple[Framework, ...]:
    """All frameworks, in the order of their names. Raises FileError E405, PackError E306 as `Plugins.all`."""
    return tuple(_plugins.all().values())


def owner(model: Any) -> Framework | None:
    """The framework that owns a model; if several do, the one that defines the earliest class in its type's MRO."""
    owning = [framework for framework in frameworks() if framework.owns(model)]
    return min(owning, key=lambda framework: framework.depth(model), default=None)


def source_of(model: Any, rows: Any = None) -> Source:
    """The source for a model. A source is returned as it is.

    Args:
        model: a fitted model; a tuple of models that are applied one after the other, or a list whose answers are
            averaged.
        rows: the caller's rows, for frameworks whose models do not store their columns.

    Raises:
        PackError: E304 for an object that is not a model of any framework.
    """
    if isinstance(model, Source):
        return model
    if isinstance(model, tuple | list) and len(model) > 1:
        return _composed(model, rows)
    if isinstance(model, type):
        raise PackError("E304", f"{model.__name__} is a class.", fix="Give a fitted object: model = ...().fit(X, y).")
    framework = owner(model)
    if framework is None:
        raise PackError(
            "E304",
            f"The type {type(model).__name__} neither predicts nor transforms.",
            fix="Give a fitted model, such as a scikit-learn pipeline.",
        )
    return framework.source(model, rows)


def _composed(models: tuple[Any, ...] | list[Any], rows: Any) -> Source:
    """The source for a tuple or a list of models."""
    composed = import_module("sealift.frameworks.composed")  # it uses this module, by way of the registry
    kind = composed.ChainSource if isinstance(models, tuple) else composed.MeanSource
    source: Source = kind(models, rows, source_of)
    return source


def load(framework: Framework) -> None:
    """Import the converters of a framework, once. After a failure the next call tries again.

    Raises:
        MissingExtraError: E405 when the library cannot be imported.
    """
    with _lock:
        if framework.name in _loaded:
            return
        try:
            framework.load()
        except ImportError as error:
            raise MissingExtraError(
                "E405",
                f"A package for converting models of {framework.name} cannot be imported: {str(error).rstrip('.')}.",
                fix=f"Install it with: pip install 'sealift[{framework.extra}]'",
            ) from error
        _loaded.add(framework.name)
