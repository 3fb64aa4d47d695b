"""Read blocks of a CSV file that hold only numbers, by NumPy: several times faster than cell by cell.

Only blocks for which NumPy and the contract agree are read: digits, signs, points and exponents in records of the same
width, and finite numbers. For other blocks the result is None, and the caller reads them cell by cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.batch.csv_blocks import Block

_Doubles: TypeAlias = npt.NDArray[np.float64]
_Places: TypeAlias = npt.NDArray[np.intp]

_NUMBER = b"0123456789+-.eE"
_COMMA, _POINT, _MINUS, _EXPONENT = b",.-e"
_LOWER = 32  # the bit that distinguishes e from E
# Whole numbers up to _EXACT and these powers of ten are exact as doubles, so that their quotient is rounded once.
_EXACT = 1 << 53
_POWERS = 10.0 ** np.arange(23)
_FEW = 8  # at most one cell in so many is read by float(); with more, reading all of them by NumPy is faster


class NumberBlocks:
    """Reads blocks of whole lines into columns of float64 with NaN for empty cells."""

    def __init__(self, width: int, wanted: Mapping[str, int], separator: str) -> None:
        """`wanted` maps names to positions."""
        self._width = width
        self._wanted = wanted
        self._separator = separator.encode()
        self._empty = b"\n" + b"," * (width - 1) + b"\n"

    def columns(self, lines: Block) -> tuple[int, dict[str, Sequence[Any] | npt.NDArray[Any]]] | None:
        """The number of records in `lines` and their columns; None when they must be read cell by cell."""
        width, block = self._width, bytes(lines)
        if not block.endswith(b"\n"):
            block += b"\n"
        ends = block.translate(None, _NUMBER)
        if self._separator != b",":
            if b"," in ends:
                return None
            ends, block = ends.replace(self._separator, b","), block.replace(self._separator, b",")
        # Records with as many separators as the header, and no other characters.
        if ends != (b"," * (width - 1) + b"\n") * (len(ends) // width):
            return None
        if self._empty in b"\n" + block:  # an empty record
            return None
        try:
            cells = _read(block.replace(b"\n", b","))
        except (ValueError, DeprecationWarning):  # not a number, such as 1.5.2
            return None
        # None where a number such as 1e999 was not finite, which the contract refuses.
        if cells is None or len(cells) != len(ends):
            return None
        matrix = cells.reshape(-1, width)
        return len(matrix), {name: matrix[:, position] for name, position in self._wanted.items()}


def _read(text: bytes) -> _Doubles | None:
    """The cells, each followed by a comma; NaN for empty ones, None where one is infinite. Raises ValueError."""
    gaps = np.diff(_places(text, _COMMA), prepend=-1) == 1
    if gaps.any():
        while b",," in text:
            text = text.replace(b",,", b",0,")
        text = b"0" + text if text.startswith(b",") else text
    cells = _decimals(text)
    if cells is None:
        cells = np.fromstring(text[:-1].decode(), dtype=np.float64, sep=",")
    if len(cells) != len(gaps) or not np.isfinite(cells).all():
        return None
    cells[gaps] = np.nan
    return cells


def _decimals(text: bytes) -> _Doubles | None:
    """The cells as integers divided by powers of ten, in less than half the time of reading each as a double.

    None where too many of them have an exponent or too many digits. Raises ValueError for a cell that is not a number.
    """
    ends = _places(text, _COMMA)
    starts = np.concatenate([[0], ends[:-1] + 1])
    codes = np.frombuffer(text, dtype=np.uint8)
    scaled = np.unique(np.searchsorted(ends, np.flatnonzero(codes | _LOWER == _EXPONENT)))
    if len(scaled) > len(ends) // _FEW:
        return None
    plain, places = text, ends
    if len(scaled):  # replaced by 0, and read by float() at the end
        bounds = [0, *np.stack([starts[scaled], ends[scaled]], axis=1).ravel().tolist(), len(text)]
        plain = b"0".join(text[start:stop] for start, stop in zip(bounds[::2], bounds[1::2], strict=True))
        places = _places(plain, _COMMA)
    points = _places(plain, _POINT)
    cell = np.searchsorted(places, points) if len(points) != len(places) else np.arange(len(places))
    behind = places[cell] - points - 1
    # Each point must be within its cell.
    if (np.diff(cell) <= 0).any() or (behind < 0).any() or (points[1:] < places[cell[1:] - 1]).any():
        raise ValueError("two points in a number")
    digits = np.zeros(len(places), dtype=np.intp)
    digits[cell] = behind
    plain = plain.translate(None, b".")
    if b"-," in plain or b"+," in plain:  # NumPy reads a sign without a digit as 0
        raise ValueError("not a number")
    whole = np.fromstring(plain[:-1].decode(), dtype=np.int64, sep=",")
    if len(whole) != len(ends):
        raise ValueError("not a number")
    long = np.flatnonzero((whole > _EXACT) | (whole < -_EXACT) | (digits >= len(_POWERS)))
    if len(long) > len(ends) // _FEW:
        return None
    digits[long] = 0
    cells = whole / _POWERS[digits]
    zeros = np.flatnonzero(whole == 0)
    cells[zeros[codes[starts[zeros]] == _MINUS]] = -0.0
    for place in [*scaled.tolist(), *long.tolist()]:
        cells[place] = float(text[starts[place] : ends[place]])
    return cells


def _places(text: bytes, code: int) -> _Places:
    return np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == code)
