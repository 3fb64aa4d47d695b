"""A table of TOML, read key by key, so that unknown keys and wrong types are reported with their place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sealift.errors import ServeError

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_Choice = TypeVar("_Choice", bound=str)


class TomlTable:
    """A table of TOML whose keys are taken one by one; those that are left are unknown."""

    def __init__(self, raw: Mapping[str, Any], where: str, path: Path) -> None:
        self._raw = dict(raw)
        self._where, self._path = where, path
        self._known: list[str] = []

    def optional(self, key: str, kind: type) -> Any:
        """A value, or None. Raises ServeError E709 for another type."""
        self._known.append(key)
        value = self._raw.pop(key, None)
        if value is not None and type(value) is not kind:
            wanted = {str: "a string", int: "an integer", bool: "true or false", dict: "a table", list: "a list"}[kind]
            raise self.wrong(key, f"must be {wanted}")
        return value

    def required(self, key: str, kind: type) -> Any:
        """A value. Raises ServeError E709 where it is missing or of another type."""
        value = self.optional(key, kind)
        if value is None:
            raise self.missing(key)
        return value

    def missing(self, key: str, reason: str = "") -> ServeError:
        """The error E709 for a key that is missing; for one that is misspelt, it names what is there."""
        for unknown in difflib.get_close_matches(key, self._raw, n=1):
            return malformed(self._path, f"{self._where} has an unknown key {unknown!r:.40}", f"Did you mean {key!r}?")
        return malformed(self._path, f"{key!r} of {self._where} is missing{reason}", "Add it.")

    def number(self, key: str, default: int, least: int, most: int) -> int:
        """An integer within limits."""
        value = self.optional(key, int)
        if value is None:
            return default
        if not least <= value <= most:
            raise self.wrong(key, f"must be from {least} to {most}")
        return int(value)

    def fraction(self, key: str, default: float, least: float, most: float) -> float:
        """A number within limits; it may be written without a point."""
        self._known.append(key)
        value = self._raw.pop(key, default)
        if type(value) not in (int, float) or not least <= value <= most:
            raise self.wrong(key, f"must be a number from {least:g} to {most:g}")
        return float(value)

    def one_of(self, key: str, choices: Sequence[_Choice]) -> _Choice | None:
        """One of several strings, or None where the key is missing."""
        value = self.optional(key, str)
        if value is None:
            return None
        for choice in choices:
            if choice == value:
                return choice
        raise self.wrong(key, f"must be one of {', '.join(choices)}")

    def strings(
        self, key: str, default: Sequence[str] = (), *, choices: Sequence[str] | None = None
    ) -> tuple[str, ...]:
        """A list of strings."""
        values = self.optional(key, list)
        if values is None:
            return tuple(default)
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(key, "must be a list of strings")
        if choices is not None and not set(values) <= set(choices):
            raise self.wrong(key, f"must be a list of some of {', '.join(choices)}")
        return tuple(values)

    def one_or_more(self, key: str) -> tuple[str, ...]:
        """A string or a list of strings, not empty."""
        if isinstance(self._raw.get(key), list):
            values = self.strings(key)
            if not values:
                raise self.wrong(key, "must not be empty")
            return values
        return (self.required(key, str),)

    def names(self) -> list[str]:
        """The keys that were not taken yet."""
        return list(self._raw)

    def percentage(self, key: str) -> float | None:
        """A number from 0 to 100, or None."""
        return self.fraction(key, 0.0, 0.0, 100.0) if key in self._raw else self.optional(key, float)

    def seconds(self, key: str, default: float, least: float, most: float) -> float:
        """A duration in seconds: a number, or a string such as `"90s"`, `"10m"` or `"2h"`."""
        self._known.append(key)
        value = self._raw.pop(key, default)
        if isinstance(value, str):
            match = _DURATION.fullmatch(value.strip())
            if match is None:
                raise self.wrong(key, 'must be a duration, such as "90s", "10m" or "2h"')
            value = float(match[1]) * _UNITS[match[2]]
        if type(value) not in (int, float) or not least <= value <= most:
            raise self.wrong(key, f"must be a duration from {least:g} to {most:g} seconds")
        return float(value)

    def is_table(self, key: str) -> bool:
        """Whether the value of a key is a table."""
        return isinstance(self._raw.get(key), dict)

    def table(self, key: str) -> TomlTable:
        """A table; empty where there is none."""
        return TomlTable(self.optional(key, dict) or {}, f"[{key}]", self._path)

    def nested(self, key: str, raw: Mapping[str, Any]) -> TomlTable:
        """A table inside this one, from its contents."""
        return TomlTable(raw, f"{self._where[:-1]}.{key}]", self._path)

    def tables(self, key: str) -> list[TomlTable]:
        """A list of tables."""
        entries = self.optional(key, list) or []
        if not all(isinstance(entry, dict) for entry in entries):
            raise self.wrong(key, "must be a list of tables")
        return [TomlTable(entry, f"[[{key}]] {i}", self._path) for i, entry in enumerate(entries, 1)]

    def end(self) -> None:
        """Raise ServeError E709 for a key that was not taken, with the nearest known one."""
        for key in self._raw:
            close = difflib.get_close_matches(key, self._known, n=1)
            fix = f"Did you mean {close[0]!r}?" if close else f"Known keys: {', '.join(sorted(self._known))}."
            raise malformed(self._path, f"{self._where} has an unknown key {key!r:.40}", fix)

    def wrong(self, key: str, reason: str) -> ServeError:
        """The error E709 for a key."""
        return malformed(self._path, f"{key!r} of {self._where} {reason}", "Correct the value.")


def malformed(path: Path, what: str, fix: str) -> ServeError:
    """The error E709."""
    return ServeError("E709", f"The deployment file is malformed: {what}.", where=str(path), fix=fix)
