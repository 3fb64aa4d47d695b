"""Private keys for signing, from files that may be protected by a password."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from sealift import files
from sealift.errors import SignatureError
from sealift.seal import signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PrivateKey: TypeAlias = Union["Ed25519PrivateKey", Path, str]
"""A private key, or the path of its PEM file."""

VARIABLE = "SEALIFT_KEY_PASSWORD"
"""The environment variable with the password of an encrypted private key."""


def open_private_key(key: PrivateKey, *, password: bytes | str | None = None) -> Ed25519PrivateKey:
    """Load a private key.

    Args:
        key: the key, or its file.
        password: the password of the file; by default that of the environment variable SEALIFT_KEY_PASSWORD.

    Raises:
        SignatureError: E501 when the key cannot be used. FileError: E401.
    """
    if not isinstance(key, str | Path):
        return key
    path = Path(key)
    secret = password.encode() if isinstance(password, str) else password
    if secret is None and b"ENCRYPTED" in files.read(path, limit=1 << 16):
        secret = os.environ.get(VARIABLE, "").encode() or None
        if secret is None:
            raise SignatureError(
                "E501",
                "The private key is protected by a password.",
                where=str(path),
                fix="Give it with --password-prompt or --password-file (password= in Python), or the environment "
                f"variable {VARIABLE}.",
            )
    return signature.load_private_key(path, password=secret)


def sign_path(file: Path | str, *, key: PrivateKey, password: bytes | str | None = None) -> str:
    """Sign a sealed file in place, as `sealift sign` does. The model's identity does not change.

    Args:
        file: the .seal file.
        key: the private key, or its file.
        password: the password of the key's file; by default that of the environment variable SEALIFT_KEY_PASSWORD.

    Returns:
        The key's id: SHA-256 of the public key in hexadecimal.

    Raises:
        FileError: E401 or E402. SealError: E201 to E205, E208. SignatureError: E501 when the key cannot be used, E502
            when the file has a signature that was made for another model.
    """
    return signature.sign_file(Path(file), open_private_key(key, password=password))[0]


def make_keys(path: Path | str, *, password: bytes | str | None = None) -> tuple[Path, str]:
    """Generate a pair of Ed25519 keys, as `sealift keygen` does.

    Args:
        path: the file of the private key (PEM); that of the public key is `<path>.pub`. Keys are never overwritten.
        password: encrypts the private key when given.

    Returns:
        The path of the public key, and the key's id.

    Raises:
        SignatureError: E501 when a file already exists, or the password is empty. FileError: E402.
    """
    secret = password.encode() if isinstance(password, str) else password
    return signature.generate_keys(Path(path), password=secret)
