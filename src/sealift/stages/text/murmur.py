"""MurmurHash3, x86, 32 bits, seed 0 (A. Appleby, 2008; public domain), as scikit-learn's hashers use it."""

from __future__ import annotations

_MASK = 0xFFFFFFFF


def murmur3(data: bytes) -> int:
    """The hash as a signed 32-bit number."""
    count = len(data)
    whole = count & ~3
    state = 0
    for at in range(0, whole, 4):
        state ^= _mixed(int.from_bytes(data[at : at + 4], "little"))
        state = ((state << 13 | state >> 19) * 5 + 0xE6546B64) & _MASK
    if count > whole:
        state ^= _mixed(int.from_bytes(data[whole:], "little"))
    state ^= count
    state = ((state ^ state >> 16) * 0x85EBCA6B) & _MASK
    state = ((state ^ state >> 13) * 0xC2B2AE35) & _MASK
    state ^= state >> 16
    return state - (1 << 32) if state >> 31 else state


def _mixed(block: int) -> int:
    block = block * 0xCC9E2D51 & _MASK
    return (block << 15 | block >> 17) * 0x1B873593 & _MASK


def column_of(term: str, columns: int) -> tuple[int, int]:
    """The column of a hashed term, and its sign."""
    value = murmur3(term.encode())
    # The magnitude of the least number is no 32-bit number; scikit-learn puts it where 2**31 would fall.
    return abs(value) % columns, 1 if value >= 0 else -1
