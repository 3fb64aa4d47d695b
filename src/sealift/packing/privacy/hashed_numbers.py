"""A hash table of numbers, which excludes most other numbers as equal to none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.packing.privacy.reference import SINGLE

_BLOCK = 1 << 18  # numbers at a time, to limit the memory
_BITS_PER_NUMBER = 32
_LEAST_BITS, _MOST_BITS = 24, 28
_REACH = SINGLE * (1 + 1e-6)  # whichever of two numbers the tolerance is relative to
_FACTOR = np.uint32(2654435761)


@dataclass(frozen=True)
class HashedNumbers:
    """Numbers, of which only hashes are kept.

    Attributes:
        table: one bit for each hash, eight in a byte.
        bits: the number of bits of a hash.
    """

    table: npt.NDArray[np.uint8]
    bits: int

    @classmethod
    def of(cls, arrays: Sequence[npt.NDArray[np.float64]]) -> HashedNumbers:
        """The finite numbers of arrays of any shape."""
        count = sum(array.size for array in arrays)
        bits = min(max(_LEAST_BITS, (count * _BITS_PER_NUMBER).bit_length()), _MOST_BITS)
        table = np.zeros(1 << (bits - 3), dtype=np.uint8)
        for array in arrays:
            for block in _blocks(array):
                finite = block[np.isfinite(block)]
                reach = _REACH * np.abs(finite)
                first, last = _groups(finite - reach), _groups(finite + reach)
                # Within the reach lie at most seven float32, in at most three groups of four.
                groups = np.concatenate([first, (first + last) >> np.uint32(1), last])
                hashed = np.sort(_scattered(groups, bits))
                byte = hashed >> np.uint32(3)
                start = np.flatnonzero(np.append(True, byte[1:] != byte[:-1])[: len(byte)])
                bit = np.left_shift(np.uint8(1), (hashed & np.uint32(7)).astype(np.uint8))
                table[byte[start]] |= np.bitwise_or.reduceat(bit, start)
        return cls(table, bits)

    def near(self, numbers: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which numbers may be within SINGLE of one of these, relatively; false positives are rare."""
        hashed = _scattered(_groups(numbers), self.bits)
        bit = self.table[hashed >> np.uint32(3)] >> (hashed & np.uint32(7)).astype(np.uint8)
        return np.asarray(bit & np.uint8(1), dtype=np.bool_)

    def columns(self, matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which columns of a matrix (N, k) hold numbers that may be within SINGLE of one of these."""
        is_near = np.zeros(matrix.shape[1], dtype=np.bool_)
        for block in _blocks(matrix):
            is_near |= self.near(block).any(axis=0)
        return is_near


def _blocks(array: npt.NDArray[np.float64]) -> Iterator[npt.NDArray[np.float64]]:
    size = max(1, _BLOCK * len(array) // max(1, array.size))
    for start in range(0, len(array), size):
        yield array[start : start + size]


def _groups(numbers: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """The float32 nearest to each number, as the index of one of 2³⁰ groups of four neighbours."""
    floats = numbers if numbers.dtype.kind == "f" else numbers.astype(np.float64)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(floats, dtype=np.float32).view(np.uint32) >> np.uint32(2)


def _scattered(groups: npt.NDArray[np.uint32], bits: int) -> npt.NDArray[np.uint32]:
    return (groups * _FACTOR) >> np.uint32(32 - bits)
