"""Read and check a sealed file: its structure, digests, JSON and graph are checked before anything is returned."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sealift import canonical, files
from sealift.canonical import Marks, TooManyError
from sealift.contract import Contract
from sealift.contract.capabilities import is_provisional
from sealift.errors import SealError, SignatureError
from sealift.seal import arrays, envelope, graph, layout, manifest
from sealift.seal.graph import GraphInfo
from sealift.seal.layout import Bytes
from sealift.seal.manifest import Manifest

MOST_JSON = Marks(values=7 << 17, keys=3 << 17)
"""The maximum number of values and of keys in all JSON members together (spec/SEAL.md §2)."""

_MOST_CONTRACT = Marks(values=MOST_JSON.values, keys=1 << 17)
"""Those of the contract, which is counted first. Its keys cost several times as much as those that are only parsed."""

_KEPT = ("contract.json", "evidence.json")
_WITH_ROWS = ("golden/examples.json", "reference/background.json")
_ORIGINAL = "Ask its publisher for the original file; nothing of this one was used."


@dataclass(frozen=True, repr=False)
class Seal:
    """A sealed file, with all digests checked and a graph that uses only what the format permits.

    Attributes:
        manifest: its manifest.
        identity: SHA-256 of the manifest in hexadecimal; the model's identity.
        members: member name → its bytes, as read-only views into one buffer.
        graph: the inputs, outputs and operator sets of the graph.
    """

    manifest: Manifest
    identity: str
    members: Mapping[str, memoryview]
    graph: GraphInfo
    _parsed: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _marks: Marks = field(default=Marks(0, 0), repr=False, compare=False)

    def __repr__(self) -> str:
        size = sum(map(len, self.members.values()))
        manifest = self.manifest
        return (
            f"<Seal {manifest.name} {manifest.version}: {len(self.members)} members, {size:,} bytes; "
            f"identity {self.identity[:12]}…>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return parse, (self.as_bytes(),)

    def as_bytes(self) -> bytes:
        """The bytes of the sealed file."""
        return b"".join(layout.pack(self.members))

    def json(self, name: str) -> Any:
        """A JSON member, parsed. Raises SealError E205 when it is missing."""
        # Returned once only: the caller may change it, and it need not stay in memory.
        return self._parsed.pop(name) if name in self._parsed else _json(name, self._member(name), Marks(0, 0))[0]

    def contract(self) -> Contract:
        """The contract, with the data of its stages.

        Raises:
            ContractError: E106 when it is malformed, E107 when it requires a capability that this program lacks.
            SealError: E203 or E205 when the data of a stage exceeds a limit, or is not JSON.
        """
        return Contract.from_json(self.json("contract.json"), self._blobs)

    def _blobs(self) -> dict[str, Any]:
        blobs: dict[str, Any] = {}
        marks = self._marks
        for name, data in self.members.items():
            if name.startswith(layout.BLOB):
                blobs[name.removeprefix(layout.BLOB)], marks = _json(name, data, marks)
        return blobs

    def text(self, name: str) -> str:
        """A text member such as `card.md`. Raises SealError E205 when it is missing."""
        return _text(name, self._member(name))

    def _member(self, name: str) -> memoryview:
        if name not in self.members:
            raise SealError(
                "E205",
                f"The sealed file has no member {name!r:.80}.",
                fix="Pack the model again with this version of Sealift.",
            )
        return self.members[name]


def check(members: Mapping[str, Bytes]) -> tuple[Manifest, str, GraphInfo, dict[str, Any], Marks]:
    """Check unpacked members against each other.

    Returns:
        The manifest, the identity, the declarations of the graph, parsed members, and the marks of all JSON members.

    Raises:
        SealError: E202 to E205 or E208.
        SignatureError: E502 when the signature was made for another model.
    """
    if "manifest.json" not in members:
        raise SealError("E202", "The sealed file has no manifest.", fix=_ORIGINAL)
    raw = bytes(members["manifest.json"])
    parsed = manifest.parse(raw)
    manifest.check_members(parsed, members)
    identity = hashlib.sha256(raw).hexdigest()
    kept: dict[str, Any] = {}
    spare = {name for name in members if name.startswith(layout.ARRAY)}
    marks = Marks(0, 0)
    for name, data in members.items():
        if name == "signature.json":
            envelope.read(bytes(data), parsed, identity)
        elif name == "manifest.json":
            continue
        elif name.endswith(".json"):  # contract.json first: the names are sorted
            value, marks = _json(name, data, marks, convert=name in _KEPT)
            if name in _WITH_ROWS:
                spare -= arrays.referenced(value)
            if name == "contract.json" and is_provisional(value):
                raise _provisional()
            if name in _KEPT:
                kept[name] = value
            del value  # before the next member is parsed
        elif name.endswith(".md"):
            _text(name, data)
        elif name == "model.onnx":
            weights = {name: len(data) for name, data in members.items() if name.startswith(layout.WEIGHT)}
            info = graph.check(data, weights)
            if dict(info.opsets) != dict(parsed.opsets):
                raise _malformed("manifest.json", "opsets differ from the operator sets of the graph")
    if spare:
        raise _malformed(min(spare), "no example or background row refers to it")
    return parsed, identity, info, kept, marks


def parse(data: Bytes, where: str = "") -> Seal:
    """Check `data` as a sealed file, as far as possible without a key.

    Args:
        data: the bytes of the file.
        where: the name of the file, for messages; may be empty.

    Raises:
        SealError: E201 to E205 or E208.
        SignatureError: E502 when the file has a signature that was made for another model.
    """
    try:
        return sealed(layout.unpack(data))
    except (SealError, SignatureError) as error:
        if not where:
            raise
        place = f"{where}: {error.where}" if error.where else where
        raise type(error)(error.code, error.what, where=place, fix=error.fix) from None


def sealed(members: Mapping[str, Bytes]) -> Seal:
    """Check unpacked members. Raises as `parse`."""
    parsed, identity, info, kept, marks = check(members)
    views = {name: memoryview(data) for name, data in members.items()}
    return Seal(parsed, identity, MappingProxyType(views), info, kept, marks)


def read(path: Path | str) -> Seal:
    """Read and check a sealed file.

    Raises:
        FileError: E401 when the file cannot be read.
        SealError: E201 to E205 when it is not a valid sealed file, E208 when its graph uses what the format does not
            permit.
        SignatureError: E502 when it has a signature that was made for another model.
    """
    path = Path(path)
    return parse(files.content(path), str(path))


def _provisional() -> SealError:
    return SealError(
        "E211",
        "The file was made by a version of Sealift before format 1 was final, and can no longer be read.",
        fix="Pack the model again with this version of Sealift.",
    )


def _json(name: str, data: Bytes, before: Marks, *, convert: bool = True) -> tuple[Any, Marks]:
    most = _MOST_CONTRACT if name == "contract.json" else MOST_JSON
    try:
        return canonical.parse(bytes(data), most=most, before=before, convert=convert)
    except TooManyError as error:
        raise layout.too_much(f"its JSON members hold {error}") from None
    except ValueError as error:
        raise _malformed(name, str(error)) from None


def _text(name: str, data: Bytes) -> str:
    try:
        return bytes(data).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(name, f"not UTF-8 at byte {error.start}") from None


def _malformed(name: str, reason: str) -> SealError:
    return SealError("E205", f"The member is malformed: {reason}.", where=name, fix=_ORIGINAL)
