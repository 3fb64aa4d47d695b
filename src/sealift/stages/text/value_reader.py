"""Stages that parse a string as a number or a time, instead of counting its terms (spec/TEXT.md §5a)."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf, isinf
from typing import Any

from sealift.contract.date_format import compile_format, example, format_problem, iso_of
from sealift.contract.datetimes import micros_of
from sealift.stages import read

_SPACE = "\t\n\v\f\r "
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INFINITE = re.compile(r"([+-]?)inf(inity)?", re.IGNORECASE | re.ASCII)
_MOST_DIGITS = 4300  # of an integer; Python, and so pandas, does not parse longer ones
_LONGEST_FORMAT = 32
_MOST_MISSING, _LONGEST_MISSING = 64, 32


class ValueReader:
    """The reader of a stage with the analyzer `number` or `time`.

    Attributes:
        refuses: whether some strings are refused; otherwise a string without a value is a missing value.
    """

    def __init__(self, spec: dict[str, Any]) -> None:
        """Read the stage. Raises ValueError."""
        others = {"pattern", "space", "stop_words", "prefix", "vocabulary", "hash"}
        if not spec.keys().isdisjoint(others) or spec["ngrams"] != [1, 1]:
            raise ValueError(f"the analyzer {spec['analyzer']} must not have terms")
        self._strict, self._finite = (_is_set(spec, key) for key in ("unreadable", "infinite"))
        self.refuses = self._strict or self._finite
        self._narrow = _is_set(spec, "wide")
        if ("missing" in spec or self._narrow) and not self._strict:
            raise ValueError("only a stage with unreadable may have missing and wide")
        listed = read.items(spec.get("missing", []), str, _MOST_MISSING)
        self._missing = frozenset(read.text(text, _LONGEST_MISSING) for text in listed)
        if spec["analyzer"] == "number":
            if "format" in spec:
                raise ValueError("only the analyzer time may have format")
            self._read: Callable[[str], float | None] = self._number
            self._described = "a finite number" if self._finite else "a number"
            return
        if self._finite or self._narrow:
            raise ValueError("only the analyzer number may have infinite and wide")
        given = read.text(spec.get("format"), _LONGEST_FORMAT)
        problem = format_problem(given, days=False)
        if problem:
            raise ValueError(problem)
        pattern = compile_format(given)
        self._read = lambda text: _time(text, pattern)
        self._described = f"a date by the format {given}, such as {example(given)}"

    def described(self, text: str) -> str:
        """What a refused string must be: "a number", or "a date by the format %d.%m.%Y, such as 31.12.2024"."""
        comma = self._read == self._number and "," in text
        return self._described + "; decimals are written with a point" * comma

    def __call__(self, text: str) -> float | None:
        """The value; None for a string without a value."""
        return self._read(text)

    def is_refused(self, text: str) -> bool:
        """Whether a string is refused: it has neither a value nor means a missing one, or its value is refused."""
        value = self._read(text)
        if value is None:
            return self._strict and text not in self._missing
        return self._finite and isinf(value)

    def _number(self, text: str) -> float | None:
        plain = text.strip(_SPACE)
        if _WHOLE.fullmatch(plain):
            # pandas with errors="raise" keeps integers beyond 64 bits as Python ints, which few functions accept.
            if len(plain.lstrip("+-")) > _MOST_DIGITS or (self._narrow and not -(2**63) <= int(plain) < 2**64):
                return None
            value = float(plain)
            return None if self._strict and isinf(value) else value
        if _NUMBER.fullmatch(plain):
            return float(plain)
        infinite = _INFINITE.fullmatch(plain)
        return None if infinite is None else -inf if infinite[1] == "-" else inf


def value_of(spec: dict[str, Any]) -> ValueReader | None:
    """The reader of a stage with the analyzer `number` or `time`; None for others. Raises ValueError."""
    if spec["analyzer"] in ("number", "time"):
        return ValueReader(spec)
    if not spec.keys().isdisjoint({"format", "unreadable", "missing", "wide", "infinite"}):
        raise ValueError("only the analyzers number and time may have format, unreadable, missing, wide and infinite")
    return None


def _is_set(spec: dict[str, Any], key: str) -> bool:
    if key in spec and spec[key] != "refused":
        raise ValueError(f'{key} must be "refused"')
    return key in spec


def _time(text: str, pattern: re.Pattern[str]) -> float | None:
    if pattern.fullmatch(text) is None:
        return None
    iso, late = iso_of(text, pattern), 0
    # C's strptime accepts up to 61 seconds; 60 and 61 belong to the next minute.
    if iso[-3:] in (":60", ":61"):
        iso, late = f"{iso[:-2]}59", int(iso[-2:]) - 59
    micros = micros_of(iso, "datetime")
    return None if micros is None else float(micros + late * 1_000_000)
