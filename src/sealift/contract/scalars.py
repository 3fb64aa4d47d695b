"""Single values of a contract, such as labels and categories, and how they are shown (spec/CONTRACT.md §1)."""

from __future__ import annotations

from typing import TypeAlias

from sealift import canonical

Scalar: TypeAlias = str | int | float | bool

# The largest whole number whose neighbours are doubles too: 2**53 would also be what 2**53 + 1 rounds to.
MAX_SAFE_INTEGER = 2**53 - 1


def shown(value: object) -> str:
    """A label or category as text; the same in every implementation (`true`, `1`, `1e-7`, `a`)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and _is_double(value)):
        return canonical.number_text(float(value) or 0.0)
    return str(value)


def _is_double(value: int) -> bool:
    return -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER or (value.bit_length() <= 1024 and int(float(value)) == value)
