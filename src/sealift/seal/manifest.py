"""The manifest: the digests of all members; its own digest is the model's identity (spec/SEAL.md §4)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sealift import canonical
from sealift.errors import SealError
from sealift.seal.layout import ARRAY, BLOB, WEIGHT, Bytes

FORMAT = 1
REQUIRED = frozenset(
    {
        "card.md",
        "contract.json",
        "evidence.json",
        "golden/examples.json",
        "model.onnx",
        "provenance.json",
        "sbom.cdx.json",
    }
)
# The manifest cannot hold its own digest, and signing must not change the identity.
UNLISTED = frozenset({"manifest.json", "signature.json"})

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}")
_PRINTABLE = re.compile(r"[ -~]{1,256}")  # shown in terminals, so without control characters
_DOMAIN = re.compile(r"[A-Za-z0-9._-]{0,128}")


@dataclass(frozen=True)
class Manifest:
    """The parsed manifest of a sealed file."""

    name: str
    version: str
    task: str
    producer: str
    opsets: Mapping[str, int]
    members: Mapping[str, tuple[str, int]]
    """Member name → (SHA-256 in hexadecimal, size in bytes)."""


def is_name(name: object) -> bool:
    """Whether `name` is a valid name of a model."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def is_version(version: object) -> bool:
    """Whether `version` is a valid version of a model."""
    return isinstance(version, str) and _VERSION.fullmatch(version) is not None


def build(
    members: Mapping[str, Bytes],
    *,
    name: str,
    version: str,
    task: str,
    producer: str,
    opsets: Mapping[str, int],
) -> bytes:
    """The manifest's bytes for `members` (without manifest and signature).

    Raises:
        ValueError: for a name, version, task or producer that a manifest cannot have.
    """
    if not is_name(name) or not is_version(version):
        raise ValueError("name and version must be short strings of the permitted characters")
    if not _PRINTABLE.fullmatch(task) or not _PRINTABLE.fullmatch(producer):
        raise ValueError("task and producer must be 1 to 256 printable ASCII characters")
    return canonical.dumps(
        {
            "format": FORMAT,
            "name": name,
            "version": version,
            "task": task,
            "producer": producer,
            "opsets": dict(opsets),
            "members": {
                key: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
                for key, data in members.items()
                if key not in UNLISTED
            },
        }
    )


def parse(data: bytes) -> Manifest:
    """Read a manifest. Raises SealError E204 for a newer format, E205 when it is malformed."""
    try:
        raw = canonical.loads(data)
        if not isinstance(raw, dict):
            raise ValueError("not an object")
        number = raw.get("format")
        if isinstance(number, int) and not isinstance(number, bool) and number > FORMAT:
            raise SealError(
                "E204",
                f"The file has format {number:.20g}; this program reads up to format {FORMAT}.",
                fix="Install a newer Sealift: pip install --upgrade sealift.",
            )
        parsed = _manifest(raw)
        if canonical.dumps(raw) != data:  # only one encoding is valid, so that all readers understand it alike
            raise ValueError("not in canonical form")
        return parsed
    except ValueError as error:
        raise SealError(
            "E205",
            f"The manifest is malformed: {error}.",
            where="manifest.json",
            fix="Ask its publisher for the original file; nothing of this one was used.",
        ) from None


def check_members(manifest: Manifest, members: Mapping[str, Bytes]) -> None:
    """Raise SealError E202 unless `members` are exactly those of the manifest, digest by digest."""
    present, listed = set(members) - UNLISTED, set(manifest.members)
    for name in sorted((REQUIRED | listed) - present):
        raise _mismatch(f"The member {name!r:.80} is missing.")
    for name in sorted(present - listed):
        raise _mismatch(f"The member {name!r} is not in the manifest.")
    for name, (digest, size) in manifest.members.items():
        if len(members[name]) != size or hashlib.sha256(members[name]).hexdigest() != digest:
            raise _mismatch(f"The member {name!r} was changed after the file was sealed.")
        if name.startswith((ARRAY, BLOB, WEIGHT)) and name.rpartition("/")[2] != digest:
            raise _mismatch(f"The digest of the member {name!r} differs from its name.")


def _manifest(raw: dict[str, Any]) -> Manifest:
    expected = {"format", "name", "version", "task", "producer", "opsets", "members"}
    if set(raw) != expected:
        raise ValueError(f"the keys {sorted(set(raw) ^ expected)!r:.120} are missing or unknown")
    if type(raw["format"]) is not int or raw["format"] != FORMAT:
        raise ValueError("format is not 1")
    forms = {"name": _NAME, "version": _VERSION, "task": _PRINTABLE, "producer": _PRINTABLE}
    for key, form in forms.items():
        if not isinstance(raw[key], str) or not form.fullmatch(raw[key]):
            raise ValueError(f"{key} must be a short string of the permitted characters")
    opsets, members = raw["opsets"], raw["members"]
    if not isinstance(opsets, dict) or not all(
        _DOMAIN.fullmatch(domain) and type(v) is int and 0 < v < 1000 for domain, v in opsets.items()
    ):
        raise ValueError("opsets must map domains to numbers")
    if not isinstance(members, dict):
        raise ValueError("members must be an object")
    return Manifest(
        name=raw["name"],
        version=raw["version"],
        task=raw["task"],
        producer=raw["producer"],
        opsets=opsets,
        members={name: _digest(name, entry) for name, entry in members.items()},
    )


def _digest(name: str, entry: object) -> tuple[str, int]:
    if not isinstance(entry, dict) or set(entry) != {"sha256", "size"}:
        raise ValueError(f"the entry of {name!r:.80} must be a digest and a size")
    digest, size = entry["sha256"], entry["size"]
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError(f"the digest of {name!r:.80} is not a SHA-256")
    if type(size) is not int or size < 0:
        raise ValueError(f"the size of {name!r:.80} is not a number of bytes")
    return digest, size


def _mismatch(what: str) -> SealError:
    return SealError(
        "E202", what, fix="Do not use this file; ask its publisher for the original. Nothing of it was used."
    )
