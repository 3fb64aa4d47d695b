"""Checked access to the JSON of a stage, which may come from an untrusted file. Raises ValueError."""

from __future__ import annotations

from typing import Any, TypeVar

SPACE = 0x110000
"""The number of code points."""

MOST_RANGES = 4096

_T = TypeVar("_T")


def keys(raw: object, required: set[str], optional: frozenset[str] | set[str] = frozenset()) -> dict[str, Any]:
    """An object with these keys and no others."""
    if not isinstance(raw, dict) or not required <= set(raw) <= required | optional:
        raise ValueError(f"an object must have the keys {', '.join(sorted(required))}")
    return raw


def items(raw: object, kind: type[_T], most: int, *, least: int = 0) -> list[_T]:
    """A list of `least` to `most` entries of exactly this type."""
    if not isinstance(raw, list) or not least <= len(raw) <= most:
        raise ValueError(f"a list must have {least} to {most} entries")
    if kind is int and any(type(item) is float for item in raw):
        raw = [_whole(item) for item in raw]
    if any(type(item) is not kind for item in raw):
        raise ValueError(f"a list must hold {kind.__name__} only")
    return raw


def _whole(raw: Any) -> Any:
    """3.0 as 3, since other readers do not distinguish them."""
    return int(raw) if type(raw) is float and raw.is_integer() else raw


def integer(raw: object, low: int, high: int) -> int:
    """A whole number from `low` to `high`."""
    raw = _whole(raw)
    if type(raw) is not int or not low <= raw <= high:
        raise ValueError(f"a number must be whole and from {low} to {high}")
    return raw


def text(raw: object, most: int) -> str:
    """A string of at most `most` characters, without unpaired surrogates."""
    if type(raw) is not str or len(raw) > most:
        raise ValueError(f"a string must have at most {most} characters")
    raw.encode()  # raises UnicodeEncodeError, a ValueError, for unpaired surrogates
    return raw


def ranges(raw: object) -> list[tuple[int, int]]:
    """A set of code points as ascending pairs (first, last + 1), from alternating gaps and lengths."""
    flat = items(raw, int, 2 * MOST_RANGES)
    if len(flat) % 2:
        raise ValueError("a set of characters must alternate gaps and lengths")
    spans: list[tuple[int, int]] = []
    at = 0
    for gap, length in zip(flat[::2], flat[1::2], strict=True):
        if length < 1 or gap < (1 if spans else 0) or at + gap + length > SPACE:
            raise ValueError("a set of characters must be ascending and within Unicode")
        spans.append((at + gap, at + gap + length))
        at += gap + length
    return spans
