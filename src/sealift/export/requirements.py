"""The packages of an exported server, in the versions that are installed here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import metadata

from sealift.version import __version__

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"extra\s*==\s*[\"']([^\"']+)")
_EXTRAS = re.compile(r"\[([^\]]*)\]")


def requirements(extras: Sequence[str]) -> str:
    """A file of requirements: Sealift in this version, and each of its dependencies in the version installed here.

    The models reproduced their examples with these versions. Dependencies that are not installed here, or that are of
    a build which package indexes do not have, are left to the installer.
    """
    pinned = dict(sorted(_pins("sealift", frozenset(extras), set())))
    lines = [f"{name}=={version}" for name, version in pinned.items() if "+" not in version]
    return "\n".join([f"sealift[{','.join(extras)}]=={__version__}", *lines]) + "\n"


def _pins(name: str, extras: frozenset[str], visited: set[tuple[str, frozenset[str]]]) -> Iterator[tuple[str, str]]:
    """The name and version of each dependency, of the dependencies of these, and so on."""
    if (name, extras) in visited:
        return
    visited.add((name, extras))
    try:
        installed = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    if name != "sealift":
        yield name, installed.version
    for requirement in installed.requires or ():
        stated, _, marker = requirement.partition(";")
        condition = _EXTRA.search(marker)
        if condition is None or condition[1] in extras:
            matched = _NAME.match(stated.strip())
            if matched is not None:
                inner = _EXTRAS.search(stated)
                wanted = frozenset(part.strip() for part in inner[1].split(",")) if inner else frozenset[str]()
                own = matched[0].lower().replace("_", "-")
                yield from _pins(own, wanted, visited)
