"""Writes YAML: mappings, lists, strings, numbers and booleans."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Yaml: TypeAlias = "str | int | float | bool | Mapping[str, Yaml] | Sequence[Yaml] | None"

# Strings that need no quotes: nothing in YAML 1.1 or 1.2 reads them as anything but a string.
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9/._-]*(?: [A-Za-z0-9/._-]+)*")
_WORDS = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null|nan|inf")
_BLOCK = re.compile(r"(?:[!-~][ -~]*)?\n(?:(?:[ -~]*[!-~])?\n)*")


def dumps(value: Yaml) -> str:
    """One document."""
    return "".join(f"{line}\n" for line in _lines(value))


def documents(values: Sequence[Yaml]) -> str:
    """Several documents."""
    return "---\n".join(dumps(value) for value in values)


def _lines(value: Yaml) -> list[str]:
    if isinstance(value, Mapping) and value:
        return [line for key, item in value.items() for line in _entry(f"{_scalar(key)}:", item)]
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return [line for item in value for line in _item(item)]
    return [_scalar(value)]


def _entry(key: str, value: Yaml) -> list[str]:
    """A key with its value, on the same line if that is a scalar."""
    if isinstance(value, str) and value.count("\n") > 1 and value.strip("\n") and _BLOCK.fullmatch(value):
        kept = "+" if value.endswith("\n\n") else ""
        return [f"{key} |{kept}", *(f"  {line}" if line else "" for line in value[:-1].split("\n"))]
    if isinstance(value, Mapping | Sequence) and not isinstance(value, str) and value:
        return [key, *(f"  {line}" if line else "" for line in _lines(value))]
    return [f"{key} {_scalar(value)}"]


def _item(value: Yaml) -> list[str]:
    first, *rest = _lines(value)
    return [f"- {first}", *(f"  {line}" if line else "" for line in rest)]


def _scalar(value: Yaml) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and not _WORDS.fullmatch(value):
        return value
    if not isinstance(value, str):
        return json.dumps(value)  # JSON is YAML
    quoted = json.dumps(value, ensure_ascii=False)
    # JSON would escape a character beyond U+FFFF as two, which YAML does not join.
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
