"""Implementations of a protocol, found by entry points: those of this package are declared like anyone's."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import metadata
from importlib.metadata import EntryPoint
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from sealift.errors import FileError, PackError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints, SelectableGroups

_T = TypeVar("_T")


class Plugins(Generic[_T]):
    """The implementations of one protocol by name.

    The entry points are read at the first use of any protocol, and used in the order of their names. An implementation
    of another package that cannot be imported is left out with a RuntimeWarning; it is tried again in the next process.

    Args:
        group: the group of entry points, such as "sealift.targets".
        noun: what one implementation is called in messages, such as "target".
    """

    def __init__(self, group: str, noun: str) -> None:
        self.group, self.noun = group, noun
        self._lock = threading.Lock()
        self._known: Mapping[str, _T] | None = None

    def all(self) -> Mapping[str, _T]:
        """Name → implementation.

        Raises:
            FileError: E405 when not even those of this package are declared.
            PackError: E306 when two packages declare the same name.
        """
        known = self._known
        if known is None:  # asked for each field and output of a contract, so that later calls take no lock
            with self._lock:
                known = self._known
                if known is None:
                    known = self._known = MappingProxyType(self._declared())
        return known

    def _declared(self) -> dict[str, _T]:
        result: dict[str, _T] = {}
        for point in self._points():
            try:
                result[point.name] = cast("_T", point.load())
            except Exception as error:  # whatever the code of another package raises
                warnings.warn(
                    f"The {self.noun} {point.name!r:.80} ({point.value}{_package(point)}) is left out, because it "
                    "cannot be imported: "
                    f"{type(error).__name__}: {str(error)[:300]}",
                    RuntimeWarning,
                    stacklevel=4,
                )
        if not result:
            raise FileError(
                "E405",
                f"The installation of Sealift declares no entry points of the group {self.group!r}.",
                fix="Install it again: pip install --force-reinstall sealift.",
            )
        return result

    def _points(self) -> list[EntryPoint]:
        """The entry points, one for each name, in the order of the names; none is imported."""
        points: dict[str, EntryPoint] = {}
        for point in sorted(declared(self.group), key=lambda point: (point.name, point.value)):
            known = points.setdefault(point.name, point)
            # An installation in two places of the path declares the same value twice.
            if known.value != point.value:
                raise PackError(
                    "E306",
                    f"Two packages declare the {self.noun} {point.name!r:.80}: {known.value} and {point.value}.",
                    fix="Uninstall one of them.",
                )
        return list(points.values())


def _package(point: EntryPoint) -> str:
    """The distribution that declares an entry point, for a message; empty where it is not known."""
    return "" if point.dist is None else f" of the package {point.dist.name:.80}"


def declared(group: str) -> Sequence[EntryPoint]:
    """The entry points of a group, such as "sealift.targets", of all packages on sys.path."""
    return tuple(_declared_on(tuple(sys.path)).select(group=group))


# Reading those of 150 packages takes 10 ms, and a sealed model that is loaded asks for four groups.
@lru_cache(maxsize=1)
def _declared_on(_path: tuple[str, ...]) -> EntryPoints | SelectableGroups:
    """The entry points of all packages, in whichever class this Python has; read again when sys.path changes."""
    return metadata.entry_points()
