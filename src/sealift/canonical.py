"""JSON with one spelling: sorted keys, no white space, shortest numbers; and a strict reader for untrusted bytes."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_SAFE = 1 << 53

_BRACES, _NO_BRACKET = bytes.maketrans(b"{}", b"[]"), bytes(set(range(256)) - set(b"[]{}"))
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def dumps(value: object) -> bytes:
    """Canonical UTF-8 bytes of `value` (spec/SEAL.md §3). NaN and ±∞ become their names as strings.

    Raises:
        ValueError: for what `loads` would refuse: an integer that no double holds, text that is not Unicode.
        TypeError: for what JSON does not have, keys that are not texts included.
    """
    plain = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return plain.encode()


def loads(data: bytes, *, depth: int = 32) -> Any:
    """Parse strictly: UTF-8, no repeated keys, only numbers that a double holds, at most `depth` levels.

    Raises:
        ValueError: with a sentence that says what is wrong.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None
    _check_depth(data, depth)
    if b"\\u" in data:
        _check_surrogates(data)
    return json.loads(
        text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_integer, parse_float=_float
    )


def number(value: object) -> float:
    """A number member as a double, reading the three names that JSON lacks. Raises ValueError."""
    if isinstance(value, str) and value in _NON_FINITE:
        return _NON_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r:.40} is not a number")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("a number is larger than a double holds") from None


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and not -_SAFE <= value <= _SAFE:
        _check_exact(value)
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):  # json would write 1 and "1" as the same key
                raise TypeError(f"the key {key!r:.60} is not a text")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _check_depth(data: bytes, limit: int) -> None:
    # Before parsing, because a deep text would exhaust the parser's own stack. Without escapes every second piece
    # between quotes is a string; of the rest only the brackets are kept; then each turn removes the innermost pairs,
    # that is one level. A text that is no JSON is cut wrongly only behind the place where the parser stops.
    outside = data.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2]
    brackets = b"".join(outside).translate(_BRACES, _NO_BRACKET)
    for _ in range(limit):
        fewer = brackets.replace(b"[]", b"")
        if len(fewer) == len(brackets):
            break
        brackets = fewer
    if b"[]" in brackets:
        raise ValueError(f"nested deeper than {limit} levels")
    if brackets:
        raise ValueError("a bracket is not closed, or was never opened")


def _check_surrogates(data: bytes) -> None:
    # Half a surrogate pair is no text: it could be neither printed nor written again.
    rest = _PAIR.sub(b"_", data.replace(b"\\\\", b"__"))
    if _SURROGATE.search(rest):
        raise ValueError("half of a surrogate pair is not text")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {key!r:.60} stands twice")
            seen.add(key)
    return result


def _integer(text: str) -> int | float:
    if text == "-0":  # a double has this zero, an int has not
        return -0.0
    if len(text) > 310:  # the largest double has 309 digits; int() takes quadratic time
        raise ValueError("a number is larger than a double holds")
    value = int(text)
    if not -_SAFE <= value <= _SAFE:
        _check_exact(value)
    return value


def _check_exact(value: int) -> None:
    try:
        if int(float(value)) == value:
            return
    except OverflowError:
        raise ValueError("a number is larger than a double holds") from None
    # Readers in other languages would take its neighbour without a word.
    raise ValueError(f"the integer {value} is not exact as a double")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number is larger than a double holds")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
