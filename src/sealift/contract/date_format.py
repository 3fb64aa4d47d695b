"""Formats of dates in text files other than ISO 8601: a small part of C's strptime (spec/CONTRACT.md §3).

`%Y` is a year of four digits; `%m`, `%d`, `%H`, `%M`, `%S` are one or two digits. Everything else stands for itself.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sealift.contract.datetimes import micros_of

_PARTS = {
    "Y": "[0-9]{4}",
    "m": "[0-9]{1,2}",
    "d": "[0-9]{1,2}",
    "H": "[0-9]{1,2}",
    "M": "[0-9]{1,2}",
    "S": "[0-9]{1,2}",
}
_EXAMPLE = {"Y": "2024", "m": "12", "d": "31", "H": "23", "M": "59", "S": "59"}
_PART = r"%[YmdHMS]|[^%A-Za-z0-9\x00-\x1f]|T"
_TOKENS, _ONE = re.compile(rf"(?:{_PART})*"), re.compile(_PART)
_DIRECTIVE = re.compile("%[A-Za-z]")
_DAY_DIRECTIVES = frozenset("Ymd")
_MAX_LENGTH = 32
# A format that reads these differently from ISO 8601 would turn one date into another.
_PROBES = ("2024-03-02", "2024-03-02T04:05", "2024-03-02T04:05:06")


def format_problem(given: str, *, days: bool) -> str | None:
    """What is wrong with a date format; None if nothing is.

    Args:
        given: the format.
        days: whether its dates have no time of day.
    """
    if len(given) > _MAX_LENGTH or not _TOKENS.fullmatch(given):
        return "date_format must consist of %Y %m %d %H %M %S and separators, at most 32 characters"
    directives = {part[0] for part in given.split("%")[1:]}
    if len(directives) != given.count("%") or not directives >= _DAY_DIRECTIVES:
        return "date_format must have each of %Y, %m and %d once"
    if days and directives != _DAY_DIRECTIVES:
        return "the date_format of a date must not have a time of day"
    if ("M" in directives and "H" not in directives) or ("S" in directives and "M" not in directives):
        return "date_format must not have %M without %H, or %S without %M"
    # A pattern is compiled only for the few formats that can read a probe: a contract may hold thousands of formats.
    if not given.startswith("%Y-") or _DIRECTIVE.sub("", given) not in ("--", "--T:", "--T::"):
        return None
    pattern = compile_format(given)
    for probe in _PROBES:
        if pattern.fullmatch(probe) and micros_of(iso_of(probe, pattern), "datetime") != micros_of(probe, "datetime"):
            return "date_format reads ISO 8601 dates as other dates"
    return None


@lru_cache
def compile_format(given: str) -> re.Pattern[str]:
    """The regular expression of a valid format."""
    parts = [
        f"(?P<{token[1]}>{_PARTS[token[1]]})" if token[0] == "%" else re.escape(token) for token in _ONE.findall(given)
    ]
    return re.compile("".join(parts))


def example(given: str) -> str:
    """The last second of 2024 in a valid format, for messages: `31.12.2024`."""
    return _DIRECTIVE.sub(lambda match: _EXAMPLE[match[0][1]], given)


def iso_of(text: str, pattern: re.Pattern[str]) -> str:
    """A cell that matches the pattern, in ISO 8601; other cells unchanged."""
    match = pattern.fullmatch(text)
    if match is None:
        return text
    parts = match.groupdict()
    date = f"{parts['Y']}-{parts['m']:0>2}-{parts['d']:0>2}"
    if "H" not in parts:
        return date
    clock = ":".join(f"{parts.get(part) or '0':0>2}" for part in "HMS")
    return f"{date}T{clock}"
