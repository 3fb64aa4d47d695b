"""Ed25519 signatures over a model's identity, as a DSSE envelope around an in-toto statement (spec/SEAL.md §5)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealift import canonical, files
from sealift.errors import SealError, SignatureError
from sealift.seal.reader import Seal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PAYLOAD_TYPE = "application/vnd.in-toto+json"
_STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
_PREDICATE_TYPE = "urn:sealift:seal:1"


@dataclass(frozen=True)
class Signature:
    """One signature of an envelope: who (by key) over what, not yet checked against a key."""

    keyid: str
    value: bytes
    message: bytes


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, in hexadecimal."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def generate_keys(private: Path, *, password: bytes | None = None) -> tuple[Path, str]:
    """Make a key pair: `private` in PKCS#8 PEM (mode 0600) and beside it `<private>.pub`.

    Args:
        private: where the private key goes; must not exist yet.
        password: encrypts the private key when given.

    Returns:
        The path of the public key, and the key's id.

    Raises:
        SignatureError: E501 when a file is there already: a key is never overwritten.
    """
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = private.with_name(private.name + ".pub")
    for path in (private, public):
        if path.exists():
            raise SignatureError(
                "E501",
                "A key is there already.",
                where=str(path),
                fix="Choose another name; keys are never overwritten.",
            )
    key = Ed25519PrivateKey.generate()
    encryption = s.BestAvailableEncryption(password) if password else s.NoEncryption()
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, encryption)
    with files.atomic(private) as stream:
        stream.write(pem)
    private.chmod(0o600)
    files.write_atomic(public, key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))
    return public, key_id(key.public_key())


def load_private_key(path: Path, *, password: bytes | None = None) -> Ed25519PrivateKey:
    """Read a PEM private key. Raises SignatureError E501, FileError E401."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = files.read(path, limit=1 << 16)
    try:
        key = load_pem_private_key(data, password)
    except (ValueError, TypeError) as error:
        raise _unusable(path, f"The private key cannot be opened: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(path, "The key is not an Ed25519 key")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Read a PEM public key. Raises SignatureError E501, FileError E401."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    data = files.read(path, limit=1 << 16)
    try:
        key = load_pem_public_key(data)
    except ValueError as error:
        raise _unusable(path, f"The public key cannot be opened: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise _unusable(path, "The key is not an Ed25519 key")
    return key


def sign(seal: Seal, key: Ed25519PrivateKey) -> dict[str, bytes]:
    """The members of `seal` with a signature by `key` added; earlier signatures by other keys stay."""
    statement = canonical.dumps(_statement(seal))
    mine = key_id(key.public_key())
    kept = [
        {"keyid": old.keyid, "sig": base64.b64encode(old.value).decode()}
        for old in signatures(seal)
        if old.keyid != mine
    ]
    fresh = {"keyid": mine, "sig": base64.b64encode(key.sign(_encoding(statement))).decode()}
    envelope = {
        "payload": base64.b64encode(statement).decode(),
        "payloadType": _PAYLOAD_TYPE,
        "signatures": sorted([*kept, fresh], key=lambda entry: entry["keyid"]),
    }
    members = {name: bytes(data) for name, data in seal.members.items()}
    return {**members, "signature.json": canonical.dumps(envelope)}


def signatures(seal: Seal) -> list[Signature]:
    """The signatures that the file carries, after checking that they speak of this very model.

    Raises:
        SealError: E205 when the envelope is malformed.
        SignatureError: E502 when it was made for another model.
    """
    if "signature.json" not in seal.members:
        return []
    envelope = seal.json("signature.json")
    try:
        payload, entries = _envelope(envelope)
        statement = canonical.loads(payload)
    except (ValueError, binascii.Error) as error:
        raise SealError(
            "E205",
            f"The signature is malformed: {error}.",
            where="signature.json",
            fix="Ask its publisher for the original file.",
        ) from None
    if statement != _statement(seal):
        raise SignatureError(
            "E502",
            "The signature was made for another model.",
            where="signature.json",
            fix="Do not trust this file; ask its publisher for the original.",
        )
    message = _encoding(payload)
    return [Signature(keyid, value, message) for keyid, value in entries]


def verify_key(seal: Seal, key: Ed25519PublicKey) -> str:
    """Check that `key` signed this model; the key's id.

    Raises:
        SignatureError: E503 when it did not, E502 when a signature under its id does not verify.
    """
    from cryptography.exceptions import InvalidSignature

    wanted = key_id(key)
    for signature in signatures(seal):
        if signature.keyid == wanted:
            try:
                key.verify(signature.value, signature.message)
            except InvalidSignature:
                raise SignatureError(
                    "E502",
                    "The signature is not valid.",
                    where="signature.json",
                    fix="Do not trust this file; ask its publisher for the original.",
                ) from None
            return wanted
    raise SignatureError(
        "E503",
        f"The file is not signed by the key {wanted[:16]}….",
        fix="Ask its publisher which key they sign with, or for a signed file.",
    )


def _statement(seal: Seal) -> dict[str, Any]:
    name, version = seal.manifest.name, seal.manifest.version
    return {
        "_type": _STATEMENT_TYPE,
        "subject": [{"name": f"{name}-{version}.seal", "digest": {"sha256": seal.identity}}],
        "predicateType": _PREDICATE_TYPE,
        "predicate": {"name": name, "version": version},
    }


def _encoding(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding (secure-systems-lab/dsse, protocol.md v1)."""
    kind = _PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _envelope(envelope: Any) -> tuple[bytes, list[tuple[str, bytes]]]:
    if not isinstance(envelope, dict) or set(envelope) != {"payload", "payloadType", "signatures"}:
        raise ValueError("not a DSSE envelope")
    if envelope["payloadType"] != _PAYLOAD_TYPE or not isinstance(envelope["payload"], str):
        raise ValueError("not an in-toto payload")
    if not isinstance(envelope["signatures"], list) or len(envelope["signatures"]) > 64:
        raise ValueError("not a list of signatures")
    entries: list[tuple[str, bytes]] = []
    for entry in envelope["signatures"]:
        if not isinstance(entry, dict) or set(entry) != {"keyid", "sig"}:
            raise ValueError("a signature lacks keyid or sig")
        if not isinstance(entry["keyid"], str) or not isinstance(entry["sig"], str):
            raise ValueError("keyid or sig is no text")
        entries.append((entry["keyid"], base64.b64decode(entry["sig"], validate=True)))
    return base64.b64decode(envelope["payload"], validate=True), entries


def _unusable(path: Path, what: str) -> SignatureError:
    return SignatureError(
        "E501",
        f"{what}.",
        where=str(path),
        fix="Make a pair with `sealift keygen`, or check path and password.",
    )
