"""Checked access to the JSON of a stage, which may come from an untrusted file. Raises ValueError.

The messages of the page are the same (spec/vectors).
"""

from __future__ import annotations

from typing import Any, TypeVar

from sealift import canonical
from sealift.contract.parts import json_text
from sealift.contract.scalars import MAX_SAFE_INTEGER

SPACE = 0x110000
"""The number of code points."""

MOST_RANGES = 4096

_T = TypeVar("_T")

_NAMES: dict[type, str] = {int: "integers", str: "strings", list: "lists", dict: "objects"}


def keys(raw: object, required: set[str], optional: frozenset[str] | set[str] = frozenset()) -> dict[str, Any]:
    """An object with these keys and no others."""
    if not isinstance(raw, dict):
        raise ValueError(f"an object with the keys {', '.join(sorted(required))} is required")
    missing, unknown = required - raw.keys(), raw.keys() - required - optional
    if missing:
        raise ValueError(f"the key {json_text(min(missing))} is missing")
    if unknown:
        raise ValueError(f"the key {json_text(min(unknown))} is not known")
    return raw


def items(raw: object, kind: type[_T], most: int, *, least: int = 0) -> list[_T]:
    """A list of `least` to `most` entries of exactly this type."""
    if not isinstance(raw, list) or not least <= len(raw) <= most:
        raise ValueError(f"a list must have {least} to {most} entries")
    if kind is int and any(type(item) is float for item in raw):
        raw = [_whole(item) for item in raw]
    # Other readers do not distinguish integers beyond MAX_SAFE_INTEGER, and no valid stage has any.
    if any(type(item) is not kind for item in raw) or (
        kind is int and raw and not -MAX_SAFE_INTEGER <= min(raw) <= max(raw) <= MAX_SAFE_INTEGER
    ):
        raise ValueError(f"a list must contain only {_NAMES[kind]}")
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


def flag(raw: object, name: str) -> bool:
    """True or false; `name` is its key, for the message."""
    if type(raw) is not bool:
        raise ValueError(f"{name} must be true or false")
    return raw


def text(raw: object, most: int) -> str:
    """A string of at most `most` characters, without unpaired surrogates."""
    if type(raw) is not str or len(raw) > most:
        raise ValueError(f"a string must have at most {most} characters")
    canonical_text(raw)
    return raw


def canonical_text(raw: object) -> bytes:
    """The canonical JSON of a value, whose strings must be without unpaired surrogates."""
    try:
        return canonical.dumps(raw)
    except UnicodeEncodeError:
        raise ValueError("a string must not have an unpaired surrogate") from None


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
