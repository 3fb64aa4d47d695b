"""The DSSE envelope of `signature.json`: its format, and that it is about this model (spec/SEAL.md §5).

No key is needed for that, so the reader checks it in every signed file.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sealift import canonical
from sealift.errors import SealError, SignatureError
from sealift.seal.manifest import Manifest

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
_PREDICATE_TYPE = "urn:sealift:seal:1"
_MAX_SIGNATURES = 64
_KEYID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Signature:
    """One signature of an envelope, not yet checked against a key.

    Attributes:
        keyid: the id of the key.
        value: the signature.
        message: the signed bytes.
    """

    keyid: str
    value: bytes
    message: bytes


def statement(manifest: Manifest, identity: str) -> bytes:
    """The in-toto statement that is signed for this model, as canonical JSON."""
    name, version = manifest.name, manifest.version
    return canonical.dumps(
        {
            "_type": _STATEMENT_TYPE,
            "subject": [{"name": f"{name}-{version}.seal", "digest": {"sha256": identity}}],
            "predicateType": _PREDICATE_TYPE,
            "predicate": {"name": name, "version": version},
        }
    )


def encoding(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding (secure-systems-lab/dsse, protocol.md v1): the bytes that are signed."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def build(payload: bytes, signatures: Iterable[tuple[str, bytes]]) -> bytes:
    """The envelope's bytes for `payload` and (key id, signature) pairs."""
    return canonical.dumps(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [
                {"keyid": keyid, "sig": base64.b64encode(value).decode()} for keyid, value in sorted(signatures)
            ],
        }
    )


def read(data: bytes, manifest: Manifest, identity: str) -> list[Signature]:
    """The signatures in an envelope, at least one.

    Raises:
        SealError: E205 when the envelope is malformed.
        SignatureError: E502 when it was made for another model.
    """
    try:
        payload, entries = _open(canonical.loads(data))
        # Only one encoding is valid: no stray bits in base64, no second signature by the same key.
        if build(payload, entries.items()) != data:
            raise ValueError("not in canonical form")
    except ValueError as error:
        raise SealError(
            "E205",
            f"The signature is malformed: {error}.",
            where="signature.json",
            fix="Ask its publisher for the original file; nothing of this one was used.",
        ) from None
    if payload != statement(manifest, identity):
        raise SignatureError(
            "E502",
            "The signature was made for another model.",
            where="signature.json",
            fix="Do not trust this file; ask its publisher for the original.",
        )
    message = encoding(payload)
    return [Signature(keyid, value, message) for keyid, value in entries.items()]


def _open(raw: Any) -> tuple[bytes, dict[str, bytes]]:
    if not isinstance(raw, dict) or set(raw) != {"payload", "payloadType", "signatures"}:
        raise ValueError("not a DSSE envelope")
    if raw["payloadType"] != PAYLOAD_TYPE:
        raise ValueError("not an in-toto payload")
    signatures = raw["signatures"]
    if not isinstance(signatures, list) or not 0 < len(signatures) <= _MAX_SIGNATURES:
        raise ValueError(f"not a list of 1 to {_MAX_SIGNATURES} signatures")
    entries: dict[str, bytes] = {}
    for entry in signatures:
        if not isinstance(entry, dict) or set(entry) != {"keyid", "sig"}:
            raise ValueError("a signature must have keyid and sig")
        keyid, value = entry["keyid"], _base64(entry["sig"])
        if not isinstance(keyid, str) or not _KEYID.fullmatch(keyid):
            raise ValueError("a keyid must be a SHA-256 in lower-case hexadecimal")
        if len(value) != 64:
            raise ValueError("a signature must be 64 bytes long")
        entries[keyid] = value
    return _base64(raw["payload"]), entries


def _base64(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("payload and sig must be base64")
    return base64.b64decode(text, validate=True)
