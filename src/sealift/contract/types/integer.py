"""`int64`: whole numbers up to 2**53 - 1, which float64 holds exactly."""

from __future__ import annotations

from sealift.contract.scalars import MAX_SAFE_INTEGER
from sealift.contract.types.number import Number


class Integer(Number):
    """Whole numbers, also written as `3.0`."""

    needed = "a whole number"
    is_whole = True
    extent = (-float(MAX_SAFE_INTEGER), float(MAX_SAFE_INTEGER))

    def fits(self, value: object) -> bool:
        """A whole number that is not a boolean."""
        return (
            super().fits(value)
            and isinstance(value, int | float)
            and value == int(value)
            and abs(value) <= MAX_SAFE_INTEGER
        )


INT64 = Integer("int64")
