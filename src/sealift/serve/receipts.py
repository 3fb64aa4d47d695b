"""`[receipts]` of a deployment file, and the receipts of a server's calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sealift.errors import ServeError
from sealift.serve.calls import Call
from sealift.serve.http.messages import malformed
from sealift.serve.toml_table import TomlTable

HEADER = "sealift-receipt"
"""The header of requests and responses, and the key of gRPC's metadata."""


@dataclass(frozen=True)
class ReceiptSettings:
    """Which answers have receipts.

    Attributes:
        key: the file of the private key.
        always: whether every answer has one; else those whose request has the header.
        full: whether a receipt has the answers where they fit; else their digest.
    """

    key: Path
    always: bool = False
    full: bool = True


def read_receipts(table: TomlTable, folder: Path) -> ReceiptSettings:
    """Read the table; the key is relative to `folder`. Raises ServeError E709."""
    settings = ReceiptSettings(
        folder / table.required("key", str),
        always=bool(table.optional("always", bool)),
        full=table.one_of("answers", ("full", "digest")) != "digest",
    )
    table.end()
    return settings


class Receipts:
    """Issues the receipts of a server; threads and forked processes may share it.

    Args:
        settings: which answers have receipts.

    Attributes:
        always: whether every answer has one.

    Raises:
        SignatureError: E501 when the key cannot be used. FileError: E401.
    """

    def __init__(self, settings: ReceiptSettings) -> None:
        # Imported here: servers without receipts start without them.
        from sealift.receipts.issue import Issuer
        from sealift.seal.keys import open_private_key

        self.always = settings.always
        self._issuer = Issuer(open_private_key(settings.key), full=settings.full)

    def of(self, call: Call) -> str:
        """The receipt of a call whose rows are answered."""
        test = call.model.test
        assert test is not None  # only models that reproduced their examples are served
        return self._issuer.receipt(call.model.model, test, call.answered, route=call.route, begun=call.begun)


def is_wanted(receipts: Receipts | None, headers: Mapping[str, str]) -> bool:
    """Whether the answer to a request needs a receipt.

    Raises:
        ServeError: E775 where the server has no key, E704 for another value of the header than 0 and 1.
    """
    value = headers.get(HEADER)
    if value is None or value == "0":
        return receipts is not None and receipts.always
    if value != "1":
        raise malformed("the header Sealift-Receipt must be 1 or 0")
    if receipts is None:
        raise ServeError(
            "E775",
            "The server issues no receipts.",
            fix="Add [receipts] with a key to its deployment file, or send the request without Sealift-Receipt.",
        )
    return True
