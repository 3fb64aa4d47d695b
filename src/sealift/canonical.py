"""JSON with one spelling: sorted keys, no white space, shortest numbers; and a strict reader for untrusted bytes."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_SAFE = 1 << 53

_BRACES, _NO_BRACKET = bytes.maketrans(b"{}", b"[]"), bytes(set(range(256)) - set(b"[]{}"))
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# Every digit as 0, every exponent as E, and what stands between values as a comma.
_SHAPE = bytes.maketrans(b"123456789e:]} \t\n\r[{", b"000000000E" + b"," * 9)
# Numbers that the parser's own conversion would change without a word: long integers, -0, and what may be infinite.
_SPECIAL = (b"," + b"0" * 16, b",-" + b"0" * 16, b"-0,", b"E" + b"0" * 3, b"E+" + b"0" * 3, b"0" * 200)
_BLOCK = 1 << 18


def dumps(value: object) -> bytes:
    """Canonical UTF-8 bytes of `value` (spec/SEAL.md §3). NaN and ±∞ become their names as strings.

    Raises:
        ValueError: for what `loads` would refuse: an integer that no double holds, text that is not Unicode.
        TypeError: for what JSON does not have, keys that are not texts included.
    """
    plain = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return plain.encode()


class TooManyError(ValueError):
    """A JSON text holds more values than the reader accepts."""


def loads(data: bytes, *, depth: int = 32) -> Any:
    """Parse strictly: UTF-8, no repeated keys, only numbers that a double holds, at most `depth` levels.

    Raises:
        ValueError: with a sentence that says what is wrong.
    """
    return parse(data, depth=depth)[0]


@dataclass(frozen=True)
class Marks:
    """What bounds the memory and time of a JSON text: commas and opening brackets outside of strings, and colons.

    A text of n marks holds at most n + 1 values that are no keys; one of k colons at most k keys.
    """

    values: int
    keys: int

    def __add__(self, other: Marks) -> Marks:
        return Marks(self.values + other.values, self.keys + other.keys)

    def fits(self, most: Marks) -> bool:
        """Whether neither number exceeds that of `most`."""
        return self.values <= most.values and self.keys <= most.keys


def parse(data: bytes, *, depth: int = 32, most: Marks | None = None, before: Marks | None = None) -> tuple[Any, Marks]:
    """As `loads`, and the marks of the text and of those `before`, counted before anything is allocated for them.

    Raises:
        TooManyError: when there are more marks than `most`. ValueError: as `loads`.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None
    outside = _outside_strings(data)
    brackets = outside.translate(_BRACES, _NO_BRACKET)
    marks = Marks(outside.count(b",") + brackets.count(b"["), outside.count(b":"))
    marks += before or Marks(0, 0)
    if most is not None and not marks.fits(most):
        raise TooManyError(f"more than {most.values} values, or {most.keys} keys")
    _check_depth(brackets, depth)
    check_surrogates(data)
    shape = b",%b," % outside.translate(_SHAPE)
    # Most texts have no such number, and a call for each one takes ten times as long.
    hooks: dict[str, Any] = {"parse_int": _integer, "parse_float": _float}
    special = any(part in shape for part in _SPECIAL)
    value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, **(hooks if special else {}))
    return value, marks


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


def _outside_strings(data: bytes) -> bytes:
    """The text without its strings."""
    # Without escapes every second piece between quotes is a string. A text that is no JSON is cut wrongly only behind
    # the place where the parser stops. Block by block, because a file of quotes would become millions of objects.
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    found, inside = [], 0
    for start in range(0, len(data), _BLOCK):
        parts = data[start : start + _BLOCK].split(b'"')
        found.append(b"".join(parts[inside::2]))
        inside ^= (len(parts) - 1) & 1
    return b"".join(found)


def _check_depth(brackets: bytes, limit: int) -> None:
    # Before parsing, because a deep text would exhaust the parser's own stack. Each turn removes the innermost pairs,
    # that is one level.
    for _ in range(limit):
        fewer = brackets.replace(b"[]", b"")
        if len(fewer) == len(brackets):
            break
        brackets = fewer
    if b"[]" in brackets:
        raise ValueError(f"nested deeper than {limit} levels")
    if brackets:
        raise ValueError("a bracket is not closed, or was never opened")


def check_surrogates(data: bytes) -> None:
    """Raise ValueError for JSON with half of a surrogate pair, which could be neither printed nor written again."""
    if b"\\u" not in data:
        return
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
