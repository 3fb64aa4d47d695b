"""Sets of characters, from the stage's tables (spec/TEXT.md §2)."""

from __future__ import annotations

from bisect import bisect_right

from sealift.stages import read

_REMEMBERED = 1 << 16


class CharSet(dict[str, bool]):
    """Character → whether it is in the set; computed once for each of the first 65,536 characters that occur."""

    def __init__(self, raw: object) -> None:
        """Read a set. Raises ValueError."""
        super().__init__()
        self.ranges = read.ranges(raw)
        self._edges = [edge for pair in self.ranges for edge in pair]

    def __missing__(self, char: str) -> bool:
        is_member = bool(bisect_right(self._edges, ord(char)) & 1)
        if len(self) < _REMEMBERED:
            self[char] = is_member
        return is_member
