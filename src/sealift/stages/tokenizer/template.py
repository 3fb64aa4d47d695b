"""What is done to the tokens of a string: truncation, special tokens around them, padding (spec/TOKENIZER.md §6)."""

from __future__ import annotations

from sealift.stages import read

_MOST_SPECIAL = 64
_MOST_TYPES = 1 << 8
MOST_LENGTH = 1 << 20


class Template:
    """Special tokens before and behind the tokens of a string.

    Attributes:
        size: the number of special tokens.
    """

    def __init__(self, raw: object, type_id: object, ids: int) -> None:
        """Read the special tokens before and behind, as pairs of id and type; `type_id` is that of the string."""
        spec = read.keys(raw, {"before", "after"})
        sides = [
            [read.items(entry, int, 2, least=2) for entry in read.items(spec[side], list, _MOST_SPECIAL)]
            for side in ("before", "after")
        ]
        for number, kind in (entry for side in sides for entry in side):
            read.integer(number, 0, ids - 1)
            read.integer(kind, 0, _MOST_TYPES)
        self._before, self._after = sides
        self._type = read.integer(type_id, 0, _MOST_TYPES)
        self.size = len(self._before) + len(self._after)

    def applied(self, ids: list[int]) -> tuple[list[int], list[int], tuple[int, int]]:
        """All ids, their types, and the numbers of special tokens before and behind."""
        before, after = self._before, self._after
        return (
            [*(number for number, _ in before), *ids, *(number for number, _ in after)],
            [*(kind for _, kind in before), *[self._type] * len(ids), *(kind for _, kind in after)],
            (len(before), len(after)),
        )


class Truncation:
    """Where long strings are cut.

    Attributes:
        most: the maximum number of tokens of a string, without special tokens.
        refuses: whether a string that would be cut is refused.
    """

    def __init__(self, raw: object, special: int) -> None:
        """Read the maximum length with special tokens, the side and what is done. Raises ValueError."""
        spec = read.keys(raw, {"length", "side"}, {"refused"})
        self.most = read.integer(spec["length"], max(1, special), MOST_LENGTH) - special
        if spec["side"] not in ("left", "right"):
            raise ValueError('side must be "left" or "right"')
        self._left = spec["side"] == "left"
        self.refuses = read.flag(spec.get("refused", False), "refused")

    def kept(self, count: int) -> slice:
        """The tokens that are kept of `count`, which is above the maximum."""
        return slice(count - self.most, count) if self._left else slice(0, self.most)


class Padding:
    """How rows are made equally long.

    Attributes:
        id, type: what is added, with an attention mask of 0.
        left: whether it is added on the left.
    """

    def __init__(self, raw: object, ids: int) -> None:
        """Read the token, the side, and the length. Raises ValueError."""
        spec = read.keys(raw, {"id", "type", "side"}, {"length", "multiple"})
        self.id = read.integer(spec["id"], 0, ids - 1)
        self.type = read.integer(spec["type"], 0, _MOST_TYPES)
        if spec["side"] not in ("left", "right"):
            raise ValueError('side must be "left" or "right"')
        self.left = spec["side"] == "left"
        self._length = read.integer(spec.get("length", 1), 1, MOST_LENGTH)
        self._multiple = read.integer(spec.get("multiple", 1), 1, 1 << 16)

    def width(self, longest: int) -> int:
        """The length of rows of which the longest has `longest` tokens."""
        least = max(longest, self._length)
        return -(-least // self._multiple) * self._multiple
