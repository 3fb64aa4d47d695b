"""This Python's tables of characters, as a text stage holds them (spec/TEXT.md §2 and §3)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

SIGMA = 0x3A3
# Surrogates are no characters; what is not assigned, and what is left to private use, has no case and no parts.
_NONE = {"Cs", "Cn", "Co"}
_HANGUL = range(0xAC00, 0xAC00 + 11172)


@cache
def _assigned() -> list[int]:
    return [point for point in range(0x110000) if unicodedata.category(chr(point)) not in _NONE]


@cache
def space() -> list[int]:
    """White space, of `\\s` and of `str.split` alike."""
    return encoded(point for point in _assigned() if chr(point).isspace())


@cache
def lower() -> dict[str, Any]:
    """`str.lower`."""
    changed = {point: low for point in _assigned() if (low := chr(point).lower()) != chr(point) and point != SIGMA}
    # What is cased, and what is looked through, shows in what becomes of a sigma beside it.
    ending = "\u03c2"
    cased = [point for point in _assigned() if (chr(point) + "\u03a3").lower()[-1] == ending]
    around = {point for point in _assigned() if ("a" + chr(point) + "\u03a3").lower()[-1] == ending}
    return {"map": mapping(changed, "keep"), "cased": encoded(cased), "ignorable": encoded(around - set(cased))}


@cache
def upper() -> dict[str, Any]:
    """`str.upper`, character by character."""
    return mapping({point: up for point in _assigned() if (up := chr(point).upper()) != chr(point)}, "keep")


@cache
def arrow_case(upper: bool) -> dict[str, Any]:
    """`pyarrow.compute.utf8_lower` or `utf8_upper`, which map single characters to single ones."""
    import pyarrow
    from pyarrow import compute

    points = _assigned()
    change = compute.utf8_upper if upper else compute.utf8_lower
    images = change(pyarrow.array([chr(point) for point in points], pyarrow.string())).to_pylist()
    return mapping({point: to for point, to in zip(points, images, strict=True) if to != chr(point)}, "keep")


@cache
def arrow_space() -> list[int]:
    """The white space of `pyarrow.compute.utf8_trim_whitespace`."""
    import pyarrow
    from pyarrow import compute

    points = _assigned()
    trimmed = compute.utf8_trim_whitespace(pyarrow.array([chr(point) for point in points], pyarrow.string()))
    return encoded(point for point, rest in zip(points, trimmed.to_pylist(), strict=True) if not rest)


@cache
def accents(kind: str) -> dict[str, Any]:
    """scikit-learn's `strip_accents_unicode` or `strip_accents_ascii`, both of which work on single characters.

    Both decompose first (NFKD). What follows drops all combining characters, or all that is not ASCII, so the order
    in which the decomposition leaves them plays no part.
    """
    result = {point: unicodedata.normalize("NFKD", chr(point)) for point in _assigned() if point >= 0x80}
    if kind == "ascii":
        plain = {point: "".join(c for c in text if c.isascii()) for point, text in result.items()}
        return mapping({point: text for point, text in plain.items() if text}, "drop")
    kept = {point: "".join(c for c in text if not unicodedata.combining(c)) for point, text in result.items()}
    changed = {point: text for point, text in kept.items() if text != chr(point) and point not in _HANGUL}
    return mapping(changed, "keep") | {"hangul": True}


def encoded(points: Iterable[int]) -> list[int]:
    """A set of code points as alternating gaps and lengths."""
    flat: list[int] = []
    end = 0
    for point in sorted(points):
        if flat and point == end:
            flat[-1] += 1
        else:
            flat += [point - end, 1]
        end = point + 1
    return flat


def mapping(changed: Mapping[int, str], rest: str) -> dict[str, Any]:
    """A map of characters: runs at a fixed distance from their images, single texts, and those without an image."""
    single = {point: ord(text) for point, text in changed.items() if len(text) == 1}
    shifts: list[int] = []
    texts = {chr(point): text for point, text in changed.items() if len(text) > 1}
    for step in (1, 2):
        taken: set[int] = set()
        for point in sorted(single):
            run = 0
            while single.get(point + run * step, -1) == single[point] + run * step and point + run * step not in taken:
                run += 1
            if run >= 3:
                shifts += [point, run, step, single[point] - point]
                taken.update(range(point, point + run * step, step))
        single = {point: target for point, target in single.items() if point not in taken}
    texts |= {chr(point): chr(target) for point, target in single.items()}
    dropped = encoded(point for point, text in changed.items() if not text)
    result: dict[str, Any] = {"rest": rest}
    return result | {key: part for key, part in (("shifts", shifts), ("texts", texts), ("dropped", dropped)) if part}
