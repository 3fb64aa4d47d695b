"""Plain stretches of a CSV file of numbers alone by NumPy's reader of text: some three times faster than cell by cell.

It reads only what it cannot read differently from the contract: digits, signs, points and exponents in records of one
width, whose numbers all come out finite. Anything else gives None, and the caller reads the same bytes cell by cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_NUMBER = b"0123456789+-.eE"


class Numbers:
    """Reads blocks of whole lines into columns of float64 with NaN for empty cells."""

    def __init__(self, width: int, wanted: Mapping[str, int], separator: str) -> None:
        """`wanted` maps names to positions."""
        self._width = width
        self._wanted = wanted
        self._separator = separator.encode()
        self._empty = b"\n" + b"," * (width - 1) + b"\n"

    def columns(self, block: bytes) -> tuple[int, dict[str, Sequence[Any] | npt.NDArray[Any]]] | None:
        """The number of records in `block` and their columns; None when it must be read cell by cell."""
        width = self._width
        if not block.endswith(b"\n"):
            block += b"\n"
        ends = block.translate(None, _NUMBER)
        if self._separator != b",":
            if b"," in ends:
                return None
            ends, block = ends.replace(self._separator, b","), block.replace(self._separator, b",")
        # One record after the other, each with as many separators as the header has, and no other character.
        if ends != (b"," * (width - 1) + b"\n") * (len(ends) // width):
            return None
        if self._empty in b"\n" + block:  # an empty record, which is no row
            return None
        count = len(ends) // width
        text = block.replace(b"\n", b",")
        while b",," in text:
            text = text.replace(b",,", b",nan,")
        if text.startswith(b","):
            text = b"nan" + text
        try:
            cells = np.fromstring(text[:-1].decode(), dtype=np.float64, sep=",")
        except (ValueError, DeprecationWarning):  # not a number, such as 1.5.2
            return None
        # What is not finite and not empty was a number such as 1e999, which the contract refuses.
        if cells.size != count * width or np.count_nonzero(~np.isfinite(cells)) != text.count(b"nan"):
            return None
        matrix = cells.reshape(count, width)
        return count, {name: matrix[:, position] for name, position in self._wanted.items()}
