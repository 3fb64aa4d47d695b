"""Single values of a contract, such as labels and categories, and their display (spec/CONTRACT.md §1)."""

from __future__ import annotations

from typing import TypeAlias

from sealift import canonical

Scalar: TypeAlias = str | int | float | bool

# The largest whole number that no other whole number is rounded to: 2**53 + 1 is rounded to 2**53.
MAX_SAFE_INTEGER = 2**53 - 1


def shown(value: object) -> str:
    """A label or category as a string; the same in every implementation (`true`, `1`, `1e-7`, `a`)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and _is_double(value)):
        return canonical.number_text(float(value) or 0.0)
    return str(value)


def _is_double(value: int) -> bool:
    return -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER or (value.bit_length() <= 1024 and int(float(value)) == value)
