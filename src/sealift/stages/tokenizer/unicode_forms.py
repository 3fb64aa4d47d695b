"""Decomposition, canonical order and composition of characters, by the stage's own tables (spec/TOKENIZER.md §3)."""

from __future__ import annotations

from sealift.stages import read
from sealift.stages.tokenizer.char_table import char_table
from sealift.stages.tokenizer.piece import TokenPiece

_MOST_CLASSES = 256
_MOST_PAIRS = 1 << 16
_HANGUL, _LEAD, _VOWEL, _TAIL = 0xAC00, 0x1100, 0x1161, 0x11A7
_LEADS, _VOWELS, _TAILS = 19, 21, 28


class UnicodeForm:
    """A normalization form: NFD, NFKD, and with pairs NFC, NFKC.

    The library that is repeated counts, for each new character, how many characters it replaces: 0 stands for one, 1
    for none, and −1 for two. The spans follow from these counts, in the order after sorting.
    """

    def __init__(self, raw: object) -> None:
        """Read the tables. Raises ValueError."""
        spec = read.keys(raw, {"map", "classes"}, {"pairs"})
        self._map = char_table(spec["map"])
        self._class: dict[str, int] = {}
        for number, raw_set in enumerate(read.items(spec["classes"], list, _MOST_CLASSES), start=1):
            for start, end in read.ranges(raw_set):
                if len(self._class) + end - start > _MOST_PAIRS:
                    raise ValueError(f"classes must have at most {_MOST_PAIRS} characters")
                self._class.update((chr(point), number) for point in range(start, end))
        self._pairs: dict[tuple[str, str], str] | None = None
        if "pairs" in spec:
            flat = read.items(spec["pairs"], int, 3 * _MOST_PAIRS)
            if len(flat) % 3 or any(not 0 <= point < read.SPACE or 0xD800 <= point < 0xE000 for point in flat):
                raise ValueError("pairs must have three characters each")
            chars = [chr(point) for point in flat]
            self._pairs = {(a, b): c for a, b, c in zip(chars[::3], chars[1::3], chars[2::3], strict=True)}
        self._inert = _Inert(self._map.keys(), self._class.keys(), self._pairs or {})

    def __call__(self, piece: TokenPiece) -> TokenPiece:
        """The piece in this form."""
        text = piece.text
        inert = self._inert
        if all(inert[char] for char in text):
            return piece
        chars: list[str] = []
        changes: list[int] = []
        table = self._map
        for char in text:
            image = table.get(ord(char), char)
            image = chr(image) if isinstance(image, int) else image or ""
            chars += image
            changes += [0, *[1] * (len(image) - 1)] if image else []
        self._sort(chars, changes)
        if self._pairs is not None:
            chars, changes = self._composed(chars, changes)
        result = "".join(chars)
        return piece if result == text else piece.edited(result, _parents(changes, len(text)))

    def _sort(self, chars: list[str], changes: list[int]) -> None:
        """Sort each run of characters with a class by class; equal ones keep their order."""
        classes = [self._class.get(char, 0) for char in chars]
        at = 0
        while at < len(chars):
            if not classes[at]:
                at += 1
                continue
            end = at
            while end < len(chars) and classes[end]:
                end += 1
            order = sorted(range(at, end), key=classes.__getitem__)
            chars[at:end], changes[at:end] = [chars[i] for i in order], [changes[i] for i in order]
            at = end

    def _composed(self, chars: list[str], changes: list[int]) -> tuple[list[str], list[int]]:
        """Compose pairs: a character combines with the last one without a class, unless one between them blocks it."""
        out: list[str] = []
        counts: list[int] = []
        starter = -1  # its index in `out`
        last = 0  # the class of the last character behind it that was not composed
        for char, change in zip(chars, changes, strict=True):
            own = self._class.get(char, 0)
            if starter >= 0 and (len(out) - 1 == starter or last < own):
                both = self._pair(out[starter], char)
                if both is not None:
                    out[starter] = both
                    counts[starter] += change - 1
                    continue
            out.append(char)
            counts.append(change)
            if own == 0:
                starter = len(out) - 1
            last = own
        return out, counts

    def _pair(self, first: str, second: str) -> str | None:
        a, b = ord(first), ord(second)
        if 0 <= a - _LEAD < _LEADS and 0 <= b - _VOWEL < _VOWELS:
            return chr(_HANGUL + ((a - _LEAD) * _VOWELS + b - _VOWEL) * _TAILS)
        syllable = a - _HANGUL
        if 0 <= syllable < _LEADS * _VOWELS * _TAILS and syllable % _TAILS == 0 and 0 < b - _TAIL < _TAILS:
            return chr(a + b - _TAIL)
        assert self._pairs is not None
        return self._pairs.get((first, second))


class _Inert(dict[str, bool]):
    """Character → whether a form never changes it, nor moves anything across it."""

    def __init__(self, mapped: object, classed: object, pairs: dict[tuple[str, str], str]) -> None:
        super().__init__()
        self._mapped, self._classed = mapped, classed
        self._seconds = {second for _, second in pairs}
        self._composes = bool(pairs)

    def __missing__(self, char: str) -> bool:
        point = ord(char)
        inert = (
            point not in self._mapped  # type: ignore[operator]  # views of keys
            and char not in self._classed  # type: ignore[operator]
            and char not in self._seconds
            and not (self._composes and (_VOWEL <= point < _VOWEL + _VOWELS or _TAIL < point < _TAIL + _TAILS))
        )
        if len(self) < 1 << 16:
            self[char] = inert
        return inert


def _parents(changes: list[int], count: int) -> list[int]:
    """The index of the replaced character for each new one."""
    parents: list[int] = []
    at = 0
    for change in changes:
        if change > 0:
            parents.append(max(at - 1, 0))
        else:
            parents.append(min(at, count - 1))
            at += 1 - change
    return parents
