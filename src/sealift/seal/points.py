"""Weak Ed25519 public keys, which are refused (spec/SEAL.md §5)."""

from __future__ import annotations

_PRIME = 2**255 - 19
# The y coordinate of the points of order 8 (RFC 8032 §5.1; Chalkias et al., "Taming the many EdDSAs", 2020, table 5).
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})


def is_weak(key: bytes) -> bool:
    """Whether a public key (32 bytes) has a small order, or is a non-canonical encoding of a point.

    Under a key of small order, one signature is valid for many messages, and anyone can make it.
    """
    y = int.from_bytes(key, "little") & ((1 << 255) - 1)  # the last bit is the sign of x
    return y >= _PRIME or y in _SMALL
