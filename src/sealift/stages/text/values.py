"""Stages that read a text as one number or one time, in place of counting its terms (spec/TEXT.md §5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf
from typing import Any, TypeAlias

from sealift.contract.date_format import compile_format, format_problem, iso_of
from sealift.contract.datetimes import micros_of
from sealift.stages.text import read

ValueOf: TypeAlias = Callable[[str], "float | None"]

_SPACE = "\t\n\v\f\r "
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INFINITE = re.compile(r"([+-]?)inf(inity)?", re.IGNORECASE | re.ASCII)
_LONGEST_FORMAT = 32


def value_of(spec: dict[str, Any]) -> ValueOf | None:
    """The reader of a stage with the analyzer `number` or `time`; None for others. Raises ValueError."""
    analyzer = spec["analyzer"]
    if analyzer not in ("number", "time"):
        if "format" in spec:
            raise ValueError("only a stage of times has a format")
        return None
    others = {"pattern", "space", "stop_words", "prefix", "vocabulary", "hash"}
    if not spec.keys().isdisjoint(others) or spec["ngrams"] != [1, 1]:
        raise ValueError("a stage of numbers or times has no terms")
    if analyzer == "number":
        if "format" in spec:
            raise ValueError("only a stage of times has a format")
        return _number
    given = read.text(spec.get("format"), _LONGEST_FORMAT)
    problem = format_problem(given, "datetime")
    if problem:
        raise ValueError(problem)
    pattern = compile_format(given)
    return lambda text: _time(text, pattern)


def _number(text: str) -> float | None:
    plain = text.strip(_SPACE)
    if _NUMBER.fullmatch(plain):
        return float(plain)
    infinite = _INFINITE.fullmatch(plain)
    return None if infinite is None else -inf if infinite[1] == "-" else inf


def _time(text: str, pattern: re.Pattern[str]) -> float | None:
    if pattern.fullmatch(text) is None:
        return None
    iso, late = iso_of(text, pattern), 0
    # C's strptime has minutes of up to 62 seconds; the last two belong to the next one.
    if iso[-3:] in (":60", ":61"):
        iso, late = f"{iso[:-2]}59", int(iso[-2:]) - 59
    micros = micros_of(iso, "datetime")
    return None if micros is None else float(micros + late * 1_000_000)
