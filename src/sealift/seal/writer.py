"""Write a sealed file from its members, atomically."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sealift import files
from sealift.seal import layout, manifest, reader
from sealift.seal.layout import Bytes
from sealift.seal.reader import Seal


def assemble(
    members: Mapping[str, bytes],
    *,
    name: str,
    version: str,
    task: str,
    producer: str,
    opsets: Mapping[str, int],
) -> dict[str, bytes]:
    """Add the manifest to `members`. Raises ValueError for a name that is not valid in a manifest."""
    described = manifest.build(members, name=name, version=version, task=task, producer=producer, opsets=opsets)
    return {**members, "manifest.json": described}


def write(path: Path, members: Mapping[str, Bytes], check: Callable[[Seal], None] | None = None) -> None:
    """Write assembled members as a sealed file; the same members give the same bytes.

    They are checked as by the reader, so that the file can be read, and then by `check`, which raises where the file
    must not be kept.

    Raises:
        FileError: E402 when the file cannot be written; no incomplete file remains.
        SealError: E202 to E205 or E208 when the members are not a valid sealed file, or exceed a limit of the format.
        SignatureError: E502 when the signature was made for other members.
    """
    with files.atomic(path) as stream:
        for piece in layout.pack(members):
            stream.write(piece)
        seal = reader.sealed(members)
        if check is not None:
            check(seal)
