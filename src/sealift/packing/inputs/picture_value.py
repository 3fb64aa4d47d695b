"""Pictures as plain values of a column."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np


class Picture:
    """A picture as a value that can be compared and hashed, as numbers and strings can.

    Attributes:
        value: the bytes of a file, a path, a picture of Pillow, or an array.
        name: what it is called in messages.
    """

    __slots__ = ("_digest", "name", "value")

    def __init__(self, value: Any, name: str) -> None:
        self.value = value
        self.name = name
        self._digest: bytes | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 of its content, by which pictures are compared."""
        if self._digest is None:
            self._digest = hashlib.sha256(self._content()).digest()
        return self._digest

    def _content(self) -> bytes:
        value = self.value
        if isinstance(value, bytes):
            return value
        if isinstance(value, Path):
            try:
                return value.read_bytes()
            except OSError:
                return str(value).encode()
        array = np.asarray(value)
        return f"{array.shape}{array.dtype}".encode() + array.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return self.name
