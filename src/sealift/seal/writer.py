"""Members to a sealed file, whole or not at all."""

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
    """`members` with the manifest that describes them. Raises ValueError for a name that no manifest has."""
    described = manifest.build(members, name=name, version=version, task=task, producer=producer, opsets=opsets)
    return {**members, "manifest.json": described}


def write(path: Path, members: Mapping[str, Bytes], check: Callable[[Seal], None] | None = None) -> None:
    """Write assembled members as a sealed file; the same members give the same bytes.

    They are checked as the reader checks them, so what is written can be read; then by `check`, which raises where the
    file is not to be kept.

    Raises:
        FileError: E402 when the file cannot be written; nothing is left behind.
        SealError: E202 to E205 or E208 when the members are no sealed file, or beyond a limit of the format.
        SignatureError: E502 when the signature was made for other members.
    """
    with files.atomic(path) as stream:
        for piece in layout.pack(members):
            stream.write(piece)
        seal = reader.sealed(members)
        if check is not None:
            check(seal)
