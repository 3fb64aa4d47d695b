"""Edits: changes made to a string before a stage reads it, in order (spec/TEXT.md §1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sealift.errors import SealError
from sealift.stages import read
from sealift.stages.text.chars import CharMap, Lower
from sealift.stages.text.shared_tables import Tables

MOST_EDITS = 16
LONGEST_TEXT = 1 << 24
"""The maximum length of a string after a replacement."""

_LONGEST_PART = 1 << 10
_MOST_STRIPPED = 1 << 16
_PER_RANGE = 8


class Strip:
    """Remove the characters of a set from the ends of a string."""

    def __init__(self, raw: object) -> None:
        """Read the set and the ends. Raises ValueError."""
        spec = read.keys(raw, {"space", "left", "right"})
        ranges = read.ranges(spec["space"])
        left, right = read.flag(spec["left"], "left"), read.flag(spec["right"], "right")
        if sum(end - start for start, end in ranges) > _MOST_STRIPPED:
            raise ValueError(f"strip must have at most {_MOST_STRIPPED} characters")
        self.entries = _PER_RANGE * len(ranges)
        characters = "".join(chr(point) for start, end in ranges for point in range(start, end))
        sides: dict[tuple[bool, bool], Callable[[str, str], str]] = {
            (True, True): str.strip, (True, False): str.lstrip, (False, True): str.rstrip,
        }  # fmt: skip
        strip = sides.get((left, right))
        if strip is None or not characters:
            raise ValueError("strip must have characters, and left or right must be true")
        self._strip, self._characters = strip, characters

    def __call__(self, text: str) -> str:
        """The stripped string."""
        return self._strip(text, self._characters)


class Replace:
    """Replace every occurrence of a string by another, from the left."""

    def __init__(self, raw: object) -> None:
        """Read the two strings. Raises ValueError."""
        old, new = (read.text(part, _LONGEST_PART) for part in read.items(raw, str, 2, least=2))
        if not old:
            raise ValueError("the string that replace looks for must not be empty")
        self._old, self._new = old, new
        self.entries = 1

    def __call__(self, text: str) -> str:
        """The string after the replacement. Raises SealError E207 where it would be too long."""
        grows = len(self._new) - len(self._old)
        if grows > 0 and len(text) + text.count(self._old) * grows > LONGEST_TEXT:
            raise SealError(
                "E207",
                f"A string of {len(text)} characters becomes longer than the format allows.",
                fix="Leave the text out, or give it in smaller parts.",
            )
        return text.replace(self._old, self._new)


_KINDS: dict[str, Callable[[object], Any]] = {"lower": Lower, "map": CharMap, "strip": Strip, "replace": Replace}


def edits_of(raw: object, tables: Tables) -> list[Callable[[str], str]]:
    """The edits that a list describes. Raises ValueError."""
    edits = []
    for item in read.items(raw, dict, MOST_EDITS, least=1):
        if len(item) != 1 or not item.keys() <= _KINDS.keys():
            raise ValueError("an edit must be one of lower, map, strip and replace")
        ((kind, value),) = item.items()
        edits.append(tables.get(_KINDS[kind], value))
    return edits
