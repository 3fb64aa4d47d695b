"""Personal fields: left out, hashed with a key, or encrypted, before a record leaves the worker's memory."""

from __future__ import annotations

import hmac
import os
import struct
import threading
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift import files
from sealift.contract import Contract, Field
from sealift.errors import ServeError
from sealift.optional import need

Mode: TypeAlias = Literal["mask", "hash", "encrypt"]
MODES: tuple[Mode, ...] = ("mask", "hash", "encrypt")
Tensors: TypeAlias = "Mapping[str, npt.NDArray[Any]]"

_packing = need("msgspec", "serve", "Recording").msgpack
_DIGITS = 64
_SALT, _NONCE = 16, 12
_HASH = 16  # bytes of a keyed hash that are kept
_DOUBLE = struct.Struct("<d")


class Key:
    """The secret of personal fields: a file of 64 hexadecimal digits.

    Hashes and encryption use different keys that are derived from it (HKDF-SHA256, RFC 5869).
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._hashing = self._derived(b"sealift records: hash", b"")
        self._ciphers: dict[bytes, Any] = {}

    @classmethod
    def read(cls, path: Path) -> Key:
        """Read a key file. Raises FileError E401, ServeError E723."""
        text = files.read(path, limit=1 << 12).strip()
        try:
            secret = bytes.fromhex(text.decode("ascii"))
        except ValueError:
            secret = b""
        if len(text) != _DIGITS or len(secret) != _DIGITS // 2:
            raise ServeError(
                "E723",
                f"The key of personal fields must be {_DIGITS} hexadecimal digits.",
                where=str(path),
                fix="Make one: python -c 'import secrets; print(secrets.token_hex(32))' > records.key",
            )
        return cls(secret)

    def hashed(self, field: str, value: bytes) -> bytes:
        """The keyed hash of a value: HMAC-SHA256 over the field's name and the value, 16 bytes."""
        return hmac.digest(self._hashing, field.encode() + b"\0" + value, "sha256")[:_HASH]

    def cipher(self, salt: bytes) -> Any:
        """AES-256-GCM with the key for a salt."""
        known = self._ciphers.get(salt)
        if known is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            known = self._ciphers[salt] = AESGCM(self._derived(b"sealift records: encrypt", salt))
        return known

    def decrypt(self, token: bytes, associated: bytes) -> list[Any]:
        """The values of `Cipher.encrypt`. Raises ServeError E723 for another key."""
        from cryptography.exceptions import InvalidTag

        salt, nonce, data = token[:_SALT], token[_SALT : _SALT + _NONCE], token[_SALT + _NONCE :]
        try:
            values: list[Any] = _packing.decode(self.cipher(salt).decrypt(nonce, data, associated))
        except (InvalidTag, ValueError):
            raise ServeError(
                "E723",
                "The key does not decrypt the personal fields of a record.",
                fix="Use the key file that the server had when it wrote the record.",
            ) from None
        return values

    def _derived(self, purpose: bytes, salt: bytes) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(SHA256(), 32, salt or None, purpose).derive(self._secret)


class Cipher:
    """Encrypts the values of rows in one process.

    Each process has a key of its own, from the secret and a random salt, so that its nonces can be a counter: a key
    with random nonces may be used for 2³² messages only (NIST SP 800-38D, §8.3).
    """

    def __init__(self, key: Key) -> None:
        self._salt = os.urandom(_SALT)
        self._cipher = key.cipher(self._salt)
        self._next = count().__next__  # atomic, for threads

    def encrypt(self, values: Sequence[Any], associated: bytes) -> bytes:
        """Salt, nonce and ciphertext; `associated` is authenticated with them."""
        nonce = self._next().to_bytes(_NONCE, "big")
        sealed: bytes = self._cipher.encrypt(nonce, _packing.encode(values), associated)
        return self._salt + nonce + sealed


class Protection:
    """What a deployment does with personal fields. It is made before the fork and used in each worker."""

    def __init__(self, mode: Mode = "mask", key: Key | None = None) -> None:
        self.mode, self.key = mode, key
        self._cipher: Cipher | None = None
        self._process = 0
        self._lock = threading.Lock()

    def of(self, contract: Contract) -> FieldProtection | None:
        """The protection of a model's fields in this process; None where none is personal."""
        if not any(field.personal for field in contract.inputs):
            return None
        if self.mode == "mask" or self.key is None:
            return FieldProtection(contract)
        if self.mode == "hash":
            return FieldProtection(contract, key=self.key)
        with self._lock:
            if self._cipher is None or self._process != os.getpid():
                self._cipher, self._process = Cipher(self.key), os.getpid()
        return FieldProtection(contract, cipher=self._cipher)


class FieldProtection:
    """The protection of the personal fields of one contract."""

    def __init__(self, contract: Contract, *, key: Key | None = None, cipher: Cipher | None = None) -> None:
        self.mode: Mode = "hash" if key else "encrypt" if cipher else "mask"
        self._key, self._cipher = key, cipher
        self._columns: list[tuple[Field, str, int | None]] = []  # the tensor, and the column in it
        for spec in contract.tensors:
            if spec.stage is None and spec.name != "text_missing":
                for column, position in enumerate(spec.fields):
                    field = contract.inputs[position]
                    if field.personal:
                        self._columns.append((field, spec.name, column if field.type.feeds else None))

    def apply(self, tensors: Tensors, associated: bytes) -> tuple[Tensors, list[Any] | None]:
        """Tensors without the values of personal fields, and for each row what is kept of them.

        Args:
            tensors: name → array of N rows, which is not changed.
            associated: what a ciphertext is bound to: the id of the record.
        """
        values = None if self.mode == "mask" else self._values(tensors)
        cleaned = dict(tensors)
        for _, name, column in self._columns:
            if column is None:
                cleaned.pop(name, None)
                continue
            if cleaned[name] is tensors[name]:
                cleaned[name] = tensors[name].copy()
            array = cleaned[name]
            if array.dtype == np.object_:
                array[:, column] = ""
                if cleaned["text_missing"] is tensors["text_missing"]:
                    cleaned["text_missing"] = tensors["text_missing"].copy()
                cleaned["text_missing"][:, column] = True
            else:
                array[:, column] = np.nan
        if values is None:
            return cleaned, None
        if self._cipher is not None:
            return cleaned, [self._cipher.encrypt(row, associated) for row in values]
        assert self._key is not None
        hashed = self._key.hashed
        names = [field.name for field, _, _ in self._columns]
        return cleaned, [
            [None if value is None else hashed(name, canonical(value)) for name, value in zip(names, row, strict=True)]
            for row in values
        ]

    def _values(self, tensors: Tensors) -> list[tuple[Any, ...]]:
        columns: list[list[Any]] = []
        for _, name, column in self._columns:
            array = tensors[name]
            if column is None:
                columns.append([(row.dtype.str, row.shape, row.tobytes()) for row in array])
                continue
            values = array[:, column].tolist()
            if array.dtype == np.object_:
                missing = tensors["text_missing"][:, column].tolist()
                columns.append([None if gap else value for value, gap in zip(values, missing, strict=True)])
            else:
                columns.append([None if value != value else value for value in values])  # noqa: PLR0124 -- NaN
        return list(zip(*columns, strict=True))

    @property
    def names(self) -> list[str]:
        """The names of the personal fields, in the order of the values of a row."""
        return [field.name for field, _, _ in self._columns]


def personal_names(contract: Contract) -> list[str]:
    """The names of a contract's personal fields, in the order of the values of a row."""
    return FieldProtection(contract).names


def canonical(value: Any) -> bytes:
    """The bytes of a value that are hashed: a double, a string in UTF-8, or the elements of an array."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, float):
        return _DOUBLE.pack(value + 0.0)  # -0.0 + 0.0 is 0.0
    data: bytes = value[2]
    return data
