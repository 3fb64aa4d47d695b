"""The installed frameworks, found by entry points, and the one that owns a model."""

from __future__ import annotations

import threading
import warnings
from importlib import metadata
from typing import Any

from sealift.errors import FileError, MissingExtraError, PackError
from sealift.frameworks.base import Framework, Source

GROUP = "sealift.frameworks"

_lock = threading.RLock()
_frameworks: dict[str, Framework] = {}
_loaded: set[str] = set()


def frameworks() -> tuple[Framework, ...]:
    """All frameworks, in the order of their names.

    The entry points are read at the first call. A framework of another package that cannot be imported is left out
    with a warning.

    Raises:
        FileError: E405 when not even the frameworks of this package are declared.
        PackError: E306 when two packages declare a framework of one name.
    """
    with _lock:
        if not _frameworks:
            _frameworks.update(_declared())
        return tuple(_frameworks[name] for name in sorted(_frameworks))


def _declared() -> dict[str, Framework]:
    result: dict[str, Framework] = {}
    places: dict[str, str] = {}
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        if places.setdefault(point.name, point.value) != point.value:
            raise PackError(
                "E306",
                f"Two packages declare the framework {point.name!r:.80}: {places[point.name]} and {point.value}.",
                fix="Uninstall one of them.",
            )
        try:
            result[point.name] = point.load()
        except Exception as error:  # whatever the code of another package raises
            warnings.warn(
                f"The framework {point.name!r:.80} ({point.value}) is left out, because it cannot be imported: "
                f"{type(error).__name__}: {str(error)[:300]}",
                RuntimeWarning,
                stacklevel=4,
            )
    if not result:
        raise FileError(
            "E405",
            "The installation of Sealift declares no frameworks.",
            fix="Install it again: pip install --force-reinstall sealift.",
        )
    return result


def owner(model: Any) -> Framework | None:
    """The framework that owns a model: of several the one that defines the earliest class in its type's MRO."""
    owning = [framework for framework in frameworks() if framework.owns(model)]
    return min(owning, key=lambda framework: framework.depth(model), default=None)


def source_of(model: Any, rows: Any = None) -> Source:
    """The source for a model. A source is returned as it is.

    Args:
        model: a fitted model.
        rows: rows as the caller has them, for frameworks whose models do not know their columns.

    Raises:
        PackError: E304 for what is no model of any framework.
    """
    if isinstance(model, Source):
        return model
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
                f"Converting models of {framework.name} needs what cannot be imported here: {str(error).rstrip('.')}.",
                fix=f"Install it with: pip install 'sealift[{framework.extra}]'",
            ) from error
        _loaded.add(framework.name)
