"""Canonical JSON (RFC 8785, except that -0 keeps its sign), and a strict reader for untrusted bytes."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_SAFE = 1 << 53
_quoted = json.encoder.encode_basestring
_CONSTANTS = {None: "null", True: "true", False: "false"}
_NAMES = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

_BRACES, _NO_BRACKET = bytes.maketrans(b"{}", b"[]"), bytes(set(range(256)) - set(b"[]{}"))
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# Replaces every digit by 0, every exponent by E, and every separator by a comma.
_SHAPE = bytes.maketrans(b"123456789e:]} \t\n\r[{", b"000000000E" + b"," * 9)
# Numbers that the parser's conversion would silently change: long integers, -0, and numbers that may be infinite.
_SPECIAL_INTEGERS = (b"," + b"0" * 16, b",-" + b"0" * 16, b"-0,")
_SPECIAL_FLOATS = (b"E" + b"0" * 3, b"E+" + b"0" * 3, b"0" * 200)
_INFINITE = (math.inf, -math.inf)
_BLOCK = 1 << 18


def dumps(value: object) -> bytes:
    """Canonical UTF-8 bytes of `value` (spec/SEAL.md §3). NaN and ±∞ become their names as strings.

    Raises:
        ValueError: for values that `loads` would refuse: integers that are not exact as doubles, invalid Unicode.
        TypeError: for types that JSON does not have, and keys that are not strings.
    """
    return _spelled(value).encode()


def number_text(value: float) -> str:
    """A number as ECMAScript writes it (ECMA-262, Number::toString), but -0 with its sign: `1e-7`, `100000`, `0.001`.

    NaN and ±∞ are `NaN`, `Infinity`, `-Infinity`.
    """
    text = float.__repr__(value)  # the same digits as in ECMAScript: the fewest, and of those the nearest
    if "e" not in text:
        return text.removesuffix(".0") if text[-1] not in "fn" else _NAMES[text]
    mantissa, _, exponent = text.removeprefix("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        body = digits + "0" * (point - count)
    elif -6 < point <= 0:
        body = f"0.{'0' * -point}{digits}"
    else:
        body = f"{digits[0]}{'.' * (count > 1)}{digits[1:]}e{point - 1:+d}"
    return "-" + body if value < 0 else body


class InexactError(ValueError):
    """An integer that a double cannot represent."""


class TooManyError(ValueError):
    """A JSON text holds more values than the reader accepts."""


def loads(data: bytes, *, depth: int = 32) -> Any:
    """Parse strictly: UTF-8, no duplicate keys, only numbers that are exact as doubles, at most `depth` levels.

    Raises:
        ValueError: with what is wrong.
    """
    return parse(data, depth=depth)[0]


@dataclass(frozen=True)
class Marks:
    """Bounds of the memory and time for a JSON text.

    Attributes:
        values: the number of commas and opening brackets outside strings; a text has at most one value more.
        keys: the number of colons outside strings; a text has at most as many keys.
    """

    values: int
    keys: int

    def __add__(self, other: Marks) -> Marks:
        return Marks(self.values + other.values, self.keys + other.keys)

    def fits(self, most: Marks) -> bool:
        """Whether both numbers are at most those of `most`."""
        return self.values <= most.values and self.keys <= most.keys


def parse(
    data: bytes,
    *,
    depth: int = 32,
    most: Marks | None = None,
    before: Marks | None = None,
    convert: bool = True,
    constants: bool = False,
) -> tuple[Any, Marks]:
    """As `loads`; also returns the marks of the text plus `before`, which are counted before anything is allocated.

    Without `convert` the text is only checked: fractions in the returned value are replaced by booleans. With
    `constants` the text may have `NaN`, `Infinity` and `-Infinity`, which JSON does not have.

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
    # Hooks make parsing ten times slower, and most texts have no such number.
    hooks: dict[str, Any] = {}
    if any(part in shape for part in _SPECIAL_INTEGERS):
        hooks["parse_int"] = _integer
    if any(part in shape for part in _SPECIAL_FLOATS):
        hooks["parse_float"] = _float
    elif not convert:  # the conversion of 17 digits takes longer than everything else
        hooks["parse_float"] = bool
    del outside, brackets, shape
    constant = _NON_FINITE.__getitem__ if constants else _refuse_constant
    value = json.loads(text, object_pairs_hook=_unique, parse_constant=constant, **hooks)
    return value, marks


def number(value: object) -> float:
    """A number as a double; NaN and ±∞ from their names. Raises ValueError."""
    if isinstance(value, str) and value in _NON_FINITE:
        return _NON_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r:.40} is not a number")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("a number is larger than the largest double") from None


def _spelled(value: object) -> str:
    if isinstance(value, float):
        text = number_text(value)
        return f'"{text}"' if text in _NON_FINITE else text
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return _CONSTANTS[value]
    if isinstance(value, int):
        if -_SAFE <= value <= _SAFE:
            return str(value)
        _check_exact(value)
        return number_text(float(value))
    if isinstance(value, list | tuple):
        return f"[{','.join([_spelled(item) for item in value])}]"
    if isinstance(value, dict):
        return f"{{{','.join([f'{_quoted(key)}:{_spelled(value[key])}' for key in _ordered(value)])}}}"
    raise TypeError(f"{type(value).__name__} is not JSON")


def _ordered(value: dict[object, object]) -> list[str]:
    """The keys in the order of their UTF-16 code units."""
    keys: list[str] = []
    for key in value:
        if not isinstance(key, str):  # 1 and "1" would become the same key
            raise TypeError(f"the key {key!r:.60} is not a string")
        keys.append(key)
    if all(key.isascii() for key in keys):
        return sorted(keys)
    return sorted(keys, key=lambda key: key.encode("utf-16-be"))


def _outside_strings(data: bytes) -> bytes:
    """The JSON text without its strings."""
    # Without escapes, every second piece between quotes is a string. In malformed JSON this can be wrong only after the
    # position where the parser stops. In blocks, because a file of quotes would be split into millions of objects.
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside, inside = [], 0
    for start in range(0, len(data), _BLOCK):
        parts = data[start : start + _BLOCK].split(b'"')
        outside.append(b"".join(parts[inside::2]))
        inside ^= (len(parts) - 1) & 1
    return b"".join(outside)


def _check_depth(brackets: bytes, limit: int) -> None:
    # Before parsing, because deep nesting would exhaust the parser's stack. Each iteration removes the innermost level.
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
    """Raise ValueError for JSON with an unpaired surrogate, which cannot be printed or written."""
    if b"\\u" not in data:
        return
    rest = _PAIR.sub(b"_", data.replace(b"\\\\", b"__"))
    if _SURROGATE.search(rest):
        raise ValueError("a string has an unpaired surrogate")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        for key, _ in pairs:
            if key not in result:
                raise ValueError(f"duplicate key {key!r:.60}")
            del result[key]
    return result


def _integer(text: str) -> int | float:
    if text == "-0":  # an int has no negative zero
        return -0.0
    if len(text) > 310:  # the largest double has 309 digits; int() takes quadratic time
        raise ValueError("a number is larger than the largest double")
    value = int(text)
    if -_SAFE <= value <= _SAFE:
        return value
    try:
        double = float(value)
    except OverflowError:
        raise ValueError("a number is larger than the largest double") from None
    if double == value:  # compared exactly
        return value
    # The canonical form of a double beyond 2**53 may end in zeros in place of its exact digits. The leading digits are
    # compared first, which takes a third of the time.
    digits = float.__repr__(abs(double)).replace(".", "")
    if abs(value) < 10**21 and digits.startswith(text.strip("-0")) and number_text(double) == text:
        return int(double)
    raise InexactError(f"the integer {value} is not exact as a double")


def _check_exact(value: int) -> None:
    try:
        if float(value) == value:  # compared exactly
            return
    except OverflowError:
        raise ValueError("a number is larger than the largest double") from None
    # Readers in other languages would silently read a neighbouring number.
    raise ValueError(f"the integer {value} is not exact as a double")


def _float(text: str) -> float:
    value = float(text)
    if value in _INFINITE:
        raise ValueError("a number is larger than the largest double")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
