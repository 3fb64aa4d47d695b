"""Receipts for answers: what a server states, signed with its key."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING

from sealift.receipts.compact import LONGEST, protected, signed
from sealift.receipts.statement import Statement, time_text
from sealift.receipts.values import AnsweredPart, answered_rows, input_digest, output_digest, output_values
from sealift.runtime import SealedModel
from sealift.runtime.golden import SelfTest
from sealift.seal.signature import key_id
from sealift.version import __version__

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SALT = 16
_MOST_VALUES = 512
"""Answers beyond which the full values are not tried: their text would be too long."""


class Issuer:
    """Issues receipts with one key. Threads may share it.

    Args:
        key: the private key.
        full: whether a receipt has the answers themselves where they fit; else it has their digest.
    """

    def __init__(self, key: Ed25519PrivateKey, *, full: bool = True) -> None:
        self._key = key
        self._full = full
        self._header = protected(key_id(key.public_key()))
        self._engine_version = metadata.version("onnxruntime")

    def receipt(
        self, model: SealedModel, test: SelfTest, parts: Sequence[AnsweredPart], *, route: str, begun: float
    ) -> str:
        """The receipt for the answers to one request.

        Args:
            model: the model.
            test: the self-test of this process.
            parts: the rows and their answers.
            route: the kind of request.
            begun: the time of its beginning, in seconds since 1970.
        """
        contract = model.contract
        salt = os.urandom(_SALT)
        values = output_values(contract, parts)
        rows = sum(len(part.batch) for part in parts)
        statement = Statement(
            identity=model.identity,
            name=model.name,
            version=model.version,
            engine="onnxruntime",
            engine_version=self._engine_version,
            server_version=__version__,
            matching=test.matching,
            examples=test.rows,
            route=route,
            time=time_text(begun),
            salt=salt.hex(),
            rows=rows,
            input_digest=input_digest(contract, parts, salt),
            answered=answered_rows(parts),
            values=values,
        )
        if self._full and rows * len(values) <= _MOST_VALUES:
            receipt = signed(statement, self._header, self._key)
            if len(receipt) <= LONGEST:
                return receipt
        digest = output_digest(values, salt)
        return signed(replace(statement, values=None, output_digest=digest), self._header, self._key)
