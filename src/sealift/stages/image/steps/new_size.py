"""`to` of a resize: the new size from the old one (spec/IMAGE.md §6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sealift.stages import read
from sealift.stages.image.grid import MOST_SIDE
from sealift.stages.image.steps.base import choice, size

ROUNDINGS = ("trunc-quotient", "trunc-product", "rint-product", "rint-quotient")


@dataclass(frozen=True)
class NewSize:
    """A fixed size, the length of one side, or a size to fit inside, with a rule of rounding for the other side.

    Attributes:
        kind: `size`, `shortest`, `longest` or `inside`.
        sides: [height, width], or the length of one side.
        rounding: one of `ROUNDINGS`; empty for a fixed size.
        most: the limit of the longer side, for `shortest`; 0 for none.
    """

    kind: str
    sides: tuple[int, ...]
    rounding: str = ""
    most: int = 0

    @classmethod
    def of(cls, raw: object) -> Self:
        """Read it from JSON. Raises ValueError."""
        kinds = [key for key in ("size", "shortest", "longest", "inside") if isinstance(raw, dict) and key in raw]
        if len(kinds) != 1:
            raise ValueError("to must have one of the keys size, shortest, longest, inside")
        (kind,) = kinds
        if kind == "size":
            return cls(kind, size(read.keys(raw, {kind})[kind]))
        keys = read.keys(raw, {kind, "rounding"}, {"most"} if kind == "shortest" else set())
        rounding = choice(keys["rounding"], "rounding", ROUNDINGS)
        if kind == "inside":
            if rounding == "trunc-quotient":
                raise ValueError("rounding of inside must be another rule than trunc-quotient")
            return cls(kind, size(keys[kind]), rounding)
        if "most" in keys and rounding != "trunc-quotient":
            raise ValueError("most needs the rounding trunc-quotient")
        side = read.integer(keys[kind], 1, MOST_SIDE)
        return cls(kind, (side,), rounding, read.integer(keys["most"], 1, MOST_SIDE) if "most" in keys else 0)

    def after(self, height: int, width: int) -> tuple[int, int]:
        """The new height and width."""
        if self.kind == "size":
            return self.sides[0], self.sides[1]
        if self.kind == "inside":
            return self._inside(height, width)
        (new,) = self.sides
        # As the libraries do: of two equal sides, either gives the same result.
        upright = (height <= width) == (self.kind == "shortest")
        fixed, other = (height, width) if upright else (width, height)
        made = max(self._other(new, fixed, other), 1)
        if self.most and made > self.most:
            new, made = max(int(self.most * new / made), 1), self.most
        return (new, made) if upright else (made, new)

    def _other(self, new: int, fixed: int, other: int) -> int:
        if self.rounding == "trunc-quotient":
            return int(new * other / fixed)
        if self.rounding == "rint-quotient":
            return round(other / (fixed / new))
        made = other * (new / fixed)
        return int(made) if self.rounding == "trunc-product" else round(made)

    def _inside(self, height: int, width: int) -> tuple[int, int]:
        most_high, most_wide = self.sides
        if self.rounding == "rint-quotient":
            divisor = max(height / most_high, width / most_wide)
            made = round(height / divisor), round(width / divisor)
        else:
            factor = min(most_high / height, most_wide / width)
            rounded = int if self.rounding == "trunc-product" else round
            made = rounded(height * factor), rounded(width * factor)
        return max(made[0], 1), max(made[1], 1)
