"""Tables of characters from the behaviour of the library `tokenizers`, each computed once in a process.

The library's own tables are not accessible, and follow several versions of Unicode. So each table is the result of
the library on a string of all characters.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.graph.unicode_tables import encoded, mapping
from sealift.optional import need

Set = npt.NDArray[np.bool_]

_SEPARATOR = "\u2603"  # no form, case or class of the library changes it, and no character becomes it
_BETWEEN = "a"


def library() -> Any:
    """The library. Raises MissingExtraError."""
    return need("tokenizers", "tokenizers", "A tokenizer")


@cache
def points() -> list[int]:
    """The characters that the library is run on.

    Of the planes without assigned characters and of those for private use, these are only every 128th character and
    the last 16; the others behave as the one before them.
    """
    full = [*range(0xD800), *range(0xE000, 0x40000), *range(0xE0000, 0xF0000)]
    sampled = [
        start + i for plane in (*range(4, 14), 15, 16) for start in [plane << 16] for i in range(0, 0x10000, 128)
    ]
    ends = [(plane << 16) + 0xFFF0 + i for plane in (*range(4, 14), 15, 16) for i in range(16)]
    return sorted({*full, *sampled, *ends})


@cache
def _places() -> npt.NDArray[np.int64]:
    """For each code point, the index of the character in `points` that it behaves as."""
    return np.searchsorted(np.array(points()), np.arange(0x110000), side="right") - 1


def _filled(values: npt.NDArray[np.bool_]) -> Set:
    """A set of all code points from that of `points`."""
    has_property = values[_places()]
    has_property[0xD800:0xE000] = False
    return has_property


@cache
def _everything() -> str:
    return "".join(map(chr, points()))


@lru_cache(32)  # a megabyte each
def members(pattern: str) -> Set:
    """The characters that a pattern of one character matches, as an array of 0x110000 booleans."""
    return _removed(_splitting(pattern))


def _splitting(pattern: str) -> Any:
    tokenizers = library()
    return tokenizers.pre_tokenizers.Split(tokenizers.Regex(pattern), "removed")


def members_among(pattern: str, candidates: tuple[str, ...]) -> Set:
    """Those of some characters that a pattern of one character matches."""
    split = _splitting(pattern)
    is_member = np.zeros(0x110000, dtype=np.bool_)
    is_member[[ord(char) for char in candidates if not split.pre_tokenize_str(char)]] = True
    return is_member


@cache
def letters_of_any_case() -> tuple[str, ...]:
    """The characters that match a letter of ASCII without regard to case, such as the long s."""
    return tuple(map(chr, np.flatnonzero(members("(?i:[a-z])")).tolist()))


def as_set(chars: Set) -> list[int]:
    """A set as alternating gaps and lengths (spec/TEXT.md §2); surrogates belong to the run before them."""
    chars = chars.copy()
    chars[0xD800:0xE000] = chars[0xD7FF]
    return encoded(np.flatnonzero(chars).tolist())


def _removed(pre_tokenizer: Any) -> Set:
    """The characters that a pre-tokenizer removes."""
    kept = np.zeros(len(points()) + 1, dtype=np.int64)
    for _, (start, end) in pre_tokenizer.pre_tokenize_str(_everything()):
        kept[start] += 1
        kept[end] -= 1
    return _filled(np.cumsum(kept[:-1]) == 0)


@cache
def white_space() -> Set:
    """The white space of the pre-tokenizer WhitespaceSplit, of Strip and of BertPreTokenizer."""
    return _removed(library().pre_tokenizers.WhitespaceSplit())


@cache
def single(kind: str) -> Set:
    """The characters that a pre-tokenizer isolates between letters.

    Args:
        kind: `BertPreTokenizer`, `Punctuation`, `Digits` or `Whitespace`.
    """
    options = {"individual_digits": True} if kind == "Digits" else {}
    return _between(getattr(library().pre_tokenizers, kind)(**options))[0]


@cache
def words() -> tuple[Set, Set]:
    """The characters of words and the white space of the pre-tokenizer Whitespace and of added tokens."""
    isolated, removed = _between(library().pre_tokenizers.Whitespace())
    word = ~(isolated | removed)
    word[0xD800:0xE000] = False
    return word, removed


def _between(pre_tokenizer: Any) -> tuple[Set, Set]:
    """The characters that become pieces of their own, and those that are removed, each between two letters."""
    text = _BETWEEN + "".join(chr(point) + _BETWEEN for point in points())
    edges = np.zeros(len(text) + 1, dtype=np.bool_)
    covered = np.zeros(len(text) + 1, dtype=np.int64)
    for _, (start, end) in pre_tokenizer.pre_tokenize_str(text):
        edges[start] = True
        covered[start] += 1
        covered[end] -= 1
    places = np.arange(len(points())) * 2 + 1
    inside = np.cumsum(covered)[places] > 0
    return _filled(inside & edges[places] & edges[places + 1]), _filled(~inside)


@lru_cache(32)
def images(normalizer: str) -> tuple[dict[int, str], Set]:
    """The characters that a normalizer changes on their own, with their images, and the set of those it removes.

    Args:
        normalizer: its JSON.
    """
    made = normalizer_of(normalizer)
    chars = [point for point in points() if point != ord(_SEPARATOR)]
    parts = made.normalize_str(_SEPARATOR.join(map(chr, chars))).split(_SEPARATOR)
    changed: dict[int, str] = {}
    removed = np.zeros(len(points()), dtype=np.bool_)
    places = {point: place for place, point in enumerate(points())}
    for point, image in zip(chars, parts, strict=True):
        if not image:
            removed[places[point]] = True
        elif image != chr(point):
            changed[point] = image
    return changed, _filled(removed)


def normalizer_of(text: str) -> Any:
    """The normalizer with this JSON."""
    tokenizers = library()
    frame = '{"version":"1.0","added_tokens":[],"pre_tokenizer":null,"post_processor":null,"decoder":null,'
    model = '"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"},'
    return tokenizers.Tokenizer.from_str(
        f'{frame}{model}"truncation":null,"padding":null,"normalizer":{text}}}'
    ).normalizer


def char_map(changed: dict[int, str]) -> dict[str, Any]:
    """A character map (spec/TEXT.md §3), without Hangul syllables, which have a rule."""
    hangul = all(0xAC00 + i in changed and len(changed[0xAC00 + i]) > 1 for i in (0, 11171))
    rest = {point: text for point, text in changed.items() if not (hangul and 0xAC00 <= point < 0xAC00 + 11172)}
    return mapping(rest, "keep") | ({"hangul": True} if hangul else {})


@cache
def classes() -> list[list[int]]:
    """The characters that are sorted, by their canonical combining class, in ascending order of the classes."""
    nfd = normalizer_of('{"type":"NFD"}')
    low, high = "\u0334", "\u0345"  # the lowest class, 1, and the highest, 240
    chars = [point for point in points() if point != ord(_SEPARATOR)]
    moved = _swapped(nfd, [high + chr(point) for point in chars])
    before = _swapped(nfd, [chr(point) + low for point in chars])
    sorted_chars = [point for point, a, b in zip(chars, moved, before, strict=True) if a or b]
    sorted_chars = [point for point in {*sorted_chars, ord(low), ord(high)} if point not in images('{"type":"NFD"}')[0]]
    # A character has a larger class than another if they are swapped.
    ranks: list[list[int]] = []
    for point in sorted(sorted_chars):
        pairs = _swapped(nfd, [chr(point) + chr(group[0]) for group in ranks])
        place = sum(pairs)
        # Those of the same class are swapped in neither order.
        if place < len(ranks) and not _swapped(nfd, [chr(ranks[place][0]) + chr(point)])[0]:
            ranks[place].append(point)
        else:
            ranks.insert(place, [point])
    return [encoded(group) for group in ranks]


def _swapped(nfd: Any, texts: list[str]) -> list[bool]:
    parts = nfd.normalize_str(_SEPARATOR.join(texts)).split(_SEPARATOR) if texts else []
    return [part == text[::-1] and text != text[::-1] for part, text in zip(parts, texts, strict=True)]


@cache
def pairs() -> list[int]:
    """The pairs of characters that the library composes, with their results, except Hangul syllables."""
    nfc, decomposed = normalizer_of('{"type":"NFC"}'), images('{"type":"NFD"}')[0]
    composites = [point for point in decomposed if not 0xAC00 <= point < 0xAC00 + 11172]
    kept = nfc.normalize_str(_SEPARATOR.join(map(chr, composites))).split(_SEPARATOR)
    composites = [point for point, text in zip(composites, kept, strict=True) if text == chr(point)]
    firsts = _SEPARATOR.join(decomposed[point][:-1] for point in composites)
    flat: list[int] = []
    for point, first in zip(composites, nfc.normalize_str(firsts).split(_SEPARATOR), strict=True):
        second = decomposed[point][-1]
        assert len(first) == 1
        assert nfc.normalize_str(first + second) == chr(point)
        flat += [ord(first), ord(second), point]
    return flat
