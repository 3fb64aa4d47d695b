"""Split pieces at the matches of a pattern (spec/TOKENIZER.md §4)."""

from __future__ import annotations

from collections.abc import Callable

from sealift.stages import read
from sealift.stages.tokenizer.matches import Match, matcher
from sealift.stages.tokenizer.piece import TokenPiece


def _removed(matches: list[Match]) -> list[tuple[int, int]]:
    return [(start, end) for start, end, is_match in matches if not is_match]


def _isolated(matches: list[Match]) -> list[tuple[int, int]]:
    return [(start, end) for start, end, _ in matches]


def _contiguous(matches: list[Match]) -> list[tuple[int, int]]:
    """Neighbouring matches are one part."""
    parts: list[tuple[int, int]] = []
    previous = False
    for start, end, is_match in matches:
        if is_match == previous and parts:
            parts[-1] = (parts[-1][0], end)
        else:
            parts.append((start, end))
        previous = is_match
    return parts


def _with_previous(matches: list[Match]) -> list[tuple[int, int]]:
    """A match belongs to the part before it, unless that is a match."""
    parts: list[tuple[int, int]] = []
    previous = False
    for start, end, is_match in matches:
        if is_match and not previous and parts:
            parts[-1] = (parts[-1][0], end)
        else:
            parts.append((start, end))
        previous = is_match
    return parts


def _with_next(matches: list[Match]) -> list[tuple[int, int]]:
    """A match belongs to the part behind it, unless that is a match."""
    parts: list[tuple[int, int]] = []
    previous = False
    for start, end, is_match in reversed(matches):
        if is_match and not previous and parts:
            parts[-1] = (start, parts[-1][1])
        else:
            parts.append((start, end))
        previous = is_match
    parts.reverse()
    return parts


_BEHAVIORS: dict[str, Callable[[list[Match]], list[tuple[int, int]]]] = {
    "removed": _removed,
    "isolated": _isolated,
    "contiguous": _contiguous,
    "with previous": _with_previous,
    "with next": _with_next,
}


class SplitPieces:
    """Splits a piece at the matches of a pattern, or with `invert` at what lies between them."""

    def __init__(self, raw: object) -> None:
        """Read the pattern and what becomes of its matches. Raises ValueError."""
        spec = read.keys(raw, {"at", "behavior", "invert"})
        self._find = matcher(spec["at"])
        behavior = spec["behavior"]
        if not isinstance(behavior, str) or behavior not in _BEHAVIORS:
            raise ValueError(f"behavior must be one of {', '.join(sorted(_BEHAVIORS))}")
        self._behavior = _BEHAVIORS[behavior]
        self._invert = read.flag(spec["invert"], "invert")

    def __call__(self, piece: TokenPiece) -> list[TokenPiece]:
        """The parts of a piece, none of them empty."""
        matches = self._find(piece.text)
        if self._invert:
            matches = [(start, end, not is_match) for start, end, is_match in matches]
        return [piece.part(start, end) for start, end in self._behavior(matches)]
