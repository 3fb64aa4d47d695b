"""The signed form of a receipt: a JSON Web Signature in compact serialization, Ed25519 (RFC 7515, RFC 8037)."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import TYPE_CHECKING

from sealift import canonical, files
from sealift.errors import ServeError
from sealift.receipts.statement import Statement
from sealift.seal.signature import key_id

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LONGEST = 3072
"""Characters of a receipt: proxies accept 4096 bytes for all headers of a response by default."""
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_HEADER = re.compile(r"^sealift-receipt:[ \t]*(\S+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_MOST_BYTES = 1 << 20


def protected(keyid: str) -> bytes:
    """The only header that a receipt of this key has, and the separator behind it."""
    return _encoded(canonical.dumps({"alg": "EdDSA", "kid": keyid, "typ": "sealift-receipt"})) + b"."


def signed(statement: Statement, header: bytes, key: Ed25519PrivateKey) -> str:
    """The receipt of a statement.

    Args:
        statement: the statement.
        header: `protected` of the key's id.
        key: the private key.
    """
    message = header + _encoded(canonical.dumps(statement.as_json()))
    return (message + b"." + _encoded(key.sign(message))).decode()


def opened(receipt: str, key: Ed25519PublicKey | None) -> Statement:
    """The statement of a receipt.

    Args:
        receipt: the text.
        key: the public key that must have signed it; None does not check the signature.

    Raises:
        ServeError: E776 for a malformed receipt, E777 where the key did not sign it.
    """
    from cryptography.exceptions import InvalidSignature

    if len(receipt) > LONGEST or _COMPACT.fullmatch(receipt) is None:
        raise _malformed("it is not a JSON Web Signature in compact serialization with a signature of 64 bytes")
    header, payload, signature = receipt.split(".")
    if key is not None:
        if header.encode() + b"." != protected(key_id(key)):
            raise ServeError(
                "E777",
                f"The receipt does not name the key {key_id(key)[:16]}….",
                fix="Ask the operator of the server for the public key of its receipts.",
            )
        try:
            key.verify(_decoded(signature), f"{header}.{payload}".encode())
        except InvalidSignature:
            raise ServeError(
                "E777",
                "The signature of the receipt is not valid: the receipt was altered, or another key signed it.",
                fix="Do not rely on this receipt.",
            ) from None
    try:
        return Statement.from_json(_decoded(payload))
    except ValueError as error:
        raise _malformed(str(error)) from None


def read_receipt(source: str) -> str:
    """A receipt from its text, or from a file that has the text or the headers of a response (`curl --dump-header`).

    Raises:
        FileError: E401. ServeError: E776 where the file has none.
    """
    if _COMPACT.fullmatch(source) is not None:
        return source
    data = files.read(Path(source), limit=_MOST_BYTES)
    text = data.decode("utf-8", "replace").strip()
    receipts = _HEADER.findall(text)
    if len(receipts) > 1:
        raise _malformed("the file has several receipts", source)
    if not receipts and _COMPACT.fullmatch(text) is None:
        raise _malformed("the file has no receipt", source)
    return receipts[0] if receipts else text


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise _malformed("a part is not base64url") from None
    if _encoded(data).decode() != text:  # unused bits at the end
        raise _malformed("a part is not the only base64url of its bytes")
    return data


def _malformed(reason: str, where: str = "") -> ServeError:
    return ServeError(
        "E776",
        f"The receipt is malformed: {reason}.",
        where=where,
        fix="Use the value of the header Sealift-Receipt as the server sent it.",
    )
