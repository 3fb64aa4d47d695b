"""Ed25519 signatures over a model's identity, as a DSSE envelope around an in-toto statement (spec/SEAL.md §5)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sealift import files
from sealift.errors import SignatureError
from sealift.seal import envelope, manifest, reader, writer
from sealift.seal.envelope import Signature
from sealift.seal.layout import Bytes
from sealift.seal.points import is_weak
from sealift.seal.reader import Seal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = [
    "Signature",
    "generate_keys",
    "key_id",
    "load_private_key",
    "load_public_key",
    "sign",
    "sign_file",
    "sign_members",
    "signatures",
    "verify_key",
]

_WEAK = "The public key has a small order or a non-canonical encoding, so anyone can sign for it."


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, in hexadecimal."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def generate_keys(private: Path, *, password: bytes | None = None) -> tuple[Path, str]:
    """Generate a key pair: `private` in PKCS#8 PEM (mode 0600), and `<private>.pub`.

    Args:
        private: the file of the private key, which must not exist yet.
        password: encrypts the private key when given.

    Returns:
        The path of the public key, and the key's id.

    Raises:
        SignatureError: E501 when a file already exists, since keys are never overwritten, or the password is empty.
        FileError: E402 when a file cannot be written; neither is left behind.
    """
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if password == b"":
        raise SignatureError("E501", "The password is empty.", where=str(private), fix="Give a password, or none.")
    if not private.name:
        raise SignatureError("E501", "The private key has no file name.", where=str(private), fix="Give one.")
    public = private.with_name(private.name + ".pub")
    key = Ed25519PrivateKey.generate()
    encryption = s.NoEncryption() if password is None else s.BestAvailableEncryption(password)
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, encryption)
    _create(private, pem, mode=0o600)
    try:
        described = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
        _create(public, described, mode=0o666)
    except BaseException:
        private.unlink(missing_ok=True)  # created above
        raise
    return public, key_id(key.public_key())


def load_private_key(path: Path, *, password: bytes | None = None) -> Ed25519PrivateKey:
    """Read a PEM private key. Raises SignatureError E501, FileError E401."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = files.read(path, limit=1 << 16)
    try:
        key = load_pem_private_key(data, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unusable(path, f"The private key cannot be opened: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(path, "The key is not an Ed25519 key")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Read a PEM public key. Raises SignatureError E501, FileError E401."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    data = files.read(path, limit=1 << 16)
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unusable(path, f"The public key cannot be opened: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise _unusable(path, "The key is not an Ed25519 key")
    if is_weak(key.public_bytes_raw()):
        raise _unusable(path, _WEAK.removesuffix("."))
    return key


def sign_file(path: Path, key: Ed25519PrivateKey) -> tuple[str, str]:
    """Sign the sealed file at `path` in place. Several processes may sign a file at the same time.

    Returns:
        The key's id and the model's identity.

    Raises:
        FileError: E401 or E402. SealError: E201 to E205. SignatureError: E502 when the file has a signature that was
            made for another model.
    """
    with files.exclusive(path):
        opened = reader.read(path)
        writer.write(path, sign(opened, key))
        return verify_key(reader.read(path), key.public_key()), opened.identity


def sign(seal: Seal, key: Ed25519PrivateKey) -> dict[str, Bytes]:
    """The members of `seal` with a signature by `key` added; signatures by other keys are kept."""
    kept = {old.keyid: old.value for old in signatures(seal)}
    return _signed(seal.members, seal.manifest, seal.identity, kept, key)


def sign_members(members: Mapping[str, Bytes], key: Ed25519PrivateKey) -> dict[str, Bytes]:
    """Add a signature by `key` to assembled members. Raises SealError E205."""
    raw = bytes(members["manifest.json"])
    return _signed(members, manifest.parse(raw), hashlib.sha256(raw).hexdigest(), {}, key)


def _signed(
    members: Mapping[str, Bytes],
    described: manifest.Manifest,
    identity: str,
    kept: dict[str, bytes],
    key: Ed25519PrivateKey,
) -> dict[str, Bytes]:
    payload = envelope.statement(described, identity)
    signatures = {**kept, key_id(key.public_key()): key.sign(envelope.encoding(payload))}
    return {**members, "signature.json": envelope.build(payload, signatures.items())}


def signatures(seal: Seal) -> list[Signature]:
    """The signatures in the file, not checked against a key."""
    if "signature.json" not in seal.members:
        return []
    return envelope.read(bytes(seal.members["signature.json"]), seal.manifest, seal.identity)


def verify_key(seal: Seal, key: Ed25519PublicKey) -> str:
    """Check that `key` signed this model, and return the key's id.

    Raises:
        SignatureError: E503 when it did not, E502 when a signature under its id does not verify, E501 when the key
            has a small order.
    """
    from cryptography.exceptions import InvalidSignature

    if is_weak(key.public_bytes_raw()):
        raise SignatureError("E501", _WEAK, fix="Ask its publisher which key they sign with.")
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


def _create(path: Path, data: bytes, *, mode: int) -> None:
    try:
        files.create(path, data, mode=mode)
    except FileExistsError:
        raise SignatureError(
            "E501",
            "The key file already exists.",
            where=str(path),
            fix="Choose another name; keys are never overwritten.",
        ) from None


def _unusable(path: Path, what: str) -> SignatureError:
    return SignatureError(
        "E501",
        f"{what}.",
        where=str(path),
        fix="Generate a pair with `sealift keygen`, or check path and password.",
    )
