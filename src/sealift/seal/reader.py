"""Bytes to a checked `Seal`: structure, digests and JSON are verified before anything is handed out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift import canonical, files
from sealift.errors import SealError
from sealift.seal import layout, manifest
from sealift.seal.manifest import Manifest

_MAX_FILE = layout.LIMITS["model.onnx"]


@dataclass(frozen=True)
class Seal:
    """A sealed file whose every digest was checked.

    Attributes:
        manifest: what the file says it is.
        identity: SHA-256 of the manifest in hexadecimal; the model's identity.
        members: member name → its bytes, as views into one buffer.
    """

    manifest: Manifest
    identity: str
    members: Mapping[str, memoryview]

    def json(self, name: str) -> Any:
        """A JSON member, parsed. Raises SealError E205 when it is missing or malformed."""
        if name not in self.members:
            raise SealError(
                "E205",
                f"The sealed file has no member {name!r}.",
                fix="Pack the model again with this version of Sealift.",
            )
        try:
            return canonical.loads(bytes(self.members[name]))
        except ValueError as error:
            raise SealError(
                "E205",
                f"The member is malformed: {error}.",
                where=name,
                fix="Ask its publisher for the original file.",
            ) from None


def parse(data: bytes) -> Seal:
    """Check `data` as a sealed file. Raises SealError (E201 to E205), and nothing else."""
    members = layout.unpack(data)
    if "manifest.json" not in members:
        raise SealError(
            "E202",
            "The sealed file has no manifest.",
            fix="Ask its publisher for the original file; nothing of this one was used.",
        )
    found = bytes(members["manifest.json"])
    parsed = manifest.parse(found)
    manifest.check_members(parsed, members)
    return Seal(parsed, hashlib.sha256(found).hexdigest(), members)


def read(path: Path | str) -> Seal:
    """Read and check a sealed file.

    Raises:
        FileError: E401 when the file cannot be read.
        SealError: E201 to E205 when it is not a sound sealed file.
    """
    path = Path(path)
    data = files.read(path, limit=_MAX_FILE)
    try:
        return parse(data)
    except SealError as error:
        place = f"{path}: {error.where}" if error.where else str(path)
        raise SealError(error.code, error.what, where=place, fix=error.fix) from None
