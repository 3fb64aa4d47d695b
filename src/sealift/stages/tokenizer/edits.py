"""Edits of a piece: maps, dropped and surrounded characters, replacement, white space at the ends, prefixes, bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from sealift.stages import read
from sealift.stages.tokenizer.char_set import CharSet
from sealift.stages.tokenizer.char_table import char_table
from sealift.stages.tokenizer.matches import Matcher, matcher
from sealift.stages.tokenizer.piece import TokenPiece
from sealift.stages.tokenizer.unicode_forms import UnicodeForm

Edit: TypeAlias = Callable[[TokenPiece], TokenPiece]

_LONGEST = 1 << 10


def edit_of(name: str, raw: object) -> Edit:
    """The edit with this key in the stage. Raises ValueError."""
    makers: dict[str, Callable[[Any], Edit]] = {
        "map": Map,
        "drop": Drop,
        "form": UnicodeForm,
        "replace": ReplaceMatches,
        "strip": StripEnds,
        "surround": Surround,
        "prefix": Prefix,
        "bytes": Bytes,
    }
    if name not in makers:
        raise ValueError(f"an edit must have one of the keys {', '.join(sorted(makers))}")
    return makers[name](raw)


class Map:
    """Maps each character, independent of its neighbours."""

    def __init__(self, raw: object) -> None:
        """Read a character map. Raises ValueError."""
        self._table = char_table(raw)
        self._uneven = frozenset(chr(point) for point, image in self._table.items() if _size(image) != 1)

    def __call__(self, piece: TokenPiece) -> TokenPiece:
        """The piece with its characters mapped."""
        text = piece.text.translate(self._table)
        if text == piece.text:
            return piece
        if self._uneven.isdisjoint(piece.text):
            return TokenPiece(text, piece.starts, piece.ends)
        table = self._table
        sizes = [_size(table.get(ord(char), 0)) for char in piece.text]
        return piece.edited(text, [i for i, size in enumerate(sizes) for _ in range(size)])


def _size(image: Any) -> int:
    """The number of characters of an entry of a table of `str.translate`."""
    return 0 if image is None else len(image) if isinstance(image, str) else 1


class Drop:
    """Removes the characters of a set."""

    def __init__(self, raw: object) -> None:
        """Read a set. Raises ValueError."""
        self._dropped = CharSet(raw)

    def __call__(self, piece: TokenPiece) -> TokenPiece:
        """The piece without the characters of the set."""
        dropped = self._dropped
        parents = [i for i, char in enumerate(piece.text) if not dropped[char]]
        if len(parents) == len(piece.text):
            return piece
        return piece.edited("".join([piece.text[i] for i in parents]), parents)


class Surround:
    """Adds a string before and behind each character of a set."""

    def __init__(self, raw: object) -> None:
        """Read the set and the string. Raises ValueError."""
        spec = read.keys(raw, {"set", "text"})
        self._members = CharSet(spec["set"])
        self._text = read.text(spec["text"], _LONGEST)

    def __call__(self, piece: TokenPiece) -> TokenPiece:
        """The piece with the characters surrounded."""
        members, text = self._members, self._text
        inside = [members[char] for char in piece.text]
        if not any(inside):
            return piece
        sizes = [1 + 2 * len(text) if is_member else 1 for is_member in inside]
        chars = [text + char + text if is_member else char for char, is_member in zip(piece.text, inside, strict=True)]
        return piece.edited("".join(chars), [i for i, size in enumerate(sizes) for _ in range(size)])


class ReplaceMatches:
    """Replaces the matches of a pattern; the new characters have the span of the last character of the match."""

    def __init__(self, raw: object) -> None:
        """Read the pattern and the new string. Raises ValueError."""
        spec = read.keys(raw, {"find", "with"})
        self._find: Matcher = matcher(spec["find"])
        self._with = read.text(spec["with"], _LONGEST)

    def __call__(self, piece: TokenPiece) -> TokenPiece:
        """The piece with its matches replaced."""
        matches = self._find(piece.text)
        if not any(is_match for _, _, is_match in matches):
            return piece
        parts: list[str] = []
        parents: list[int] = []
        for start, end, is_match in matches:
            if is_match:
                parts.append(self._with)
                parents += [end - 1] * len(self._with)
            else:
                parts.append(piece.text[start:end])
                parents += range(start, end)
        return piece.edited("".join(parts), parents)


class StripEnds:
    """Removes the characters of a set at the beginning, the end or both."""

    def __init__(self, raw: object) -> None:
        """Read the set and the ends. Raises ValueError."""
        spec = read.keys(raw, {"space", "left", "right"})
        self._space = CharSet(spec["space"])
        self._left, self._right = read.flag(spec["left"], "left"), read.flag(spec["right"], "right")

    def __call__(self, piece: TokenPiece) -> TokenPiece:
        """The piece without white space at these ends."""
        text, space = piece.text, self._space
        start, end = 0, len(text)
        while self._left and start < end and space[text[start]]:
            start += 1
        while self._right and end > start and space[text[end - 1]]:
            end -= 1
        return piece if end - start == len(text) else piece.part(start, end)


class Prefix:
    """Adds a string before a piece that is not empty; it has the span of the first character."""

    def __init__(self, raw: object) -> None:
        """Read the string and its conditions. Raises ValueError."""
        spec = read.keys(raw, {"text", "repeated", "first"})
        self._text = read.text(spec["text"], _LONGEST)
        self._repeated, self._first = read.flag(spec["repeated"], "repeated"), read.flag(spec["first"], "first")

    def __call__(self, piece: TokenPiece) -> TokenPiece:
        """The piece with the prefix, if its conditions are met."""
        if not piece.text or (self._first and piece.starts[0] != 0):
            return piece
        if not self._repeated and piece.text.startswith(self._text):
            return piece
        return piece.edited(self._text + piece.text, [0] * len(self._text) + list(range(len(piece.text))))


class _ByteChars(dict[int, str]):
    """Code point → the characters that stand for its bytes in UTF-8, for `str.translate`."""

    def __missing__(self, point: int) -> str:
        spelled = "".join(BYTE_CHARS[byte] for byte in chr(point).encode())
        if len(self) < 1 << 16:
            self[point] = spelled
        return spelled


def _byte_chars() -> list[str]:
    """The character for each byte: itself where it is visible in Latin-1; the others from U+0100."""
    visible = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in visible else chr(next(others)) for byte in range(256)]


BYTE_CHARS = _byte_chars()


class Bytes:
    """Replaces each character by the characters that stand for its bytes in UTF-8."""

    def __init__(self, raw: object) -> None:
        """Read `true`. Raises ValueError."""
        if raw is not True:
            raise ValueError("bytes must be true")
        self._table = _ByteChars()

    def __call__(self, piece: TokenPiece) -> TokenPiece:
        """The piece in bytes."""
        text = piece.text.translate(self._table)
        if piece.text.isascii():
            return TokenPiece(text, piece.starts, piece.ends)
        table = self._table
        return piece.edited(text, [i for i, char in enumerate(piece.text) for _ in table[ord(char)]])
