"""The numbers of several constants in ascending order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.packing.privacy.constants import Constant
from sealift.packing.privacy.hashed_numbers import HashedNumbers


@dataclass(frozen=True)
class SortedConstants:
    """Numbers of several constants, ascending.

    Attributes:
        values: the numbers.
        owners: the index of the constant of each one.
        places: its place in the constant, flattened.
        share: how many parts of the constants they were chosen from.
    """

    values: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    places: npt.NDArray[np.int64]
    share: int

    @classmethod
    def of(cls, constants: Sequence[Constant], wanted: HashedNumbers | None = None) -> Iterator[SortedConstants]:
        """All numbers, or those near `wanted`, some at a time because sorting takes several times their memory.

        Non-finite numbers and common ones (0, ±0.5, ±1, ±2) are left out.
        """
        most = max(_PART, total(constants) // _PARTS)
        size = min(_BLOCK, most)
        part: list[tuple[int, npt.NDArray[np.float64], npt.NDArray[np.int64]]] = []
        held = seen = 0
        for owner, constant in enumerate(constants):
            flat = constant.stored.reshape(-1)
            if flat.size == 1 and flat[0] == _short(flat.astype(np.float64))[0]:
                continue  # a factor or an exponent
            for start in range(0, flat.size, size):
                block = flat[start : start + size]
                numbers, places = _chosen(block, wanted)
                if part and held + len(numbers) > most:
                    yield cls._sorted(part, -(-seen // most))
                    part, held, seen = [], 0, 0
                part.append((owner, numbers, places + start))
                held += len(numbers)
                seen += len(block)
        if part:
            yield cls._sorted(part, -(-seen // most))

    @classmethod
    def _sorted(
        cls, part: Sequence[tuple[int, npt.NDArray[np.float64], npt.NDArray[np.int64]]], share: int
    ) -> SortedConstants:
        values, places = (np.concatenate([piece[i] for piece in part]) for i in (1, 2))
        owners = np.repeat(np.array([piece[0] for piece in part], dtype=np.int32), [len(piece[1]) for piece in part])
        order = np.argsort(values, kind="stable")
        return cls(values[order], owners[order], places[order], share)

    @cached_property
    def hashed(self) -> HashedNumbers:
        """These numbers as a hash table."""
        return HashedNumbers.of([self.values])


_PART = 1 << 20
_PARTS = 16
"""So many parts at most have more than _PART numbers: each is searched for every value of the rows."""
_BLOCK = 1 << 18
_COMMON = (0.0, 0.5, 1.0, 2.0)


def total(constants: Sequence[Constant]) -> int:
    """How many numbers the constants have together."""
    return sum(constant.stored.size for constant in constants)


def _chosen(
    block: npt.NDArray[Any], wanted: HashedNumbers | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The numbers of a block that are compared, and their places."""
    places = np.arange(len(block)) if wanted is None else np.flatnonzero(wanted.near(block))
    numbers = block[places].astype(np.float64)
    informative = np.isfinite(numbers)
    size = np.abs(numbers)
    for common in _COMMON:
        informative &= size != common
    return numbers[informative], places[informative]


def _short(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values rounded to two significant digits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        step = 10.0 ** (np.floor(np.log10(np.abs(values))) - 1)
        return np.asarray(np.round(values / step) * step)
