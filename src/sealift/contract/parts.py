"""Read the JSON of a contract: keys, strings and lists, and the messages about them (spec/CONTRACT.md §1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any

from sealift import canonical
from sealift.errors import ContractError

LONGEST_TEXT, LONGEST_DESCRIPTION = 1 << 12, 1 << 16
"""The maximum number of characters of a name, title or unit, and of any other string."""


def distinct_strings(names: Sequence[object]) -> bool:
    """Whether names are non-empty, unique strings."""
    return all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names)


def duplicate(values: Iterable[Any]) -> Any:
    """The first value that occurred before; None if there is none."""
    seen = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


def text_problem(item: Any, *short: str) -> str | None:
    """What is wrong with the name, the description and the strings of the keys `short`; None if nothing is."""
    if not isinstance(item.name, str) or not item.name:
        return "the name must be a non-empty string"
    if len(item.name) > LONGEST_TEXT:
        return f"the name must be a string of at most {LONGEST_TEXT} characters"
    if not isinstance(item.description, str) or len(item.description) > LONGEST_DESCRIPTION:
        return f"the description must be a string of at most {LONGEST_DESCRIPTION} characters"
    for key in short:
        text = getattr(item, key)
        if not isinstance(text, str) or len(text) > LONGEST_TEXT:
            return f"the {key} must be a string of at most {LONGEST_TEXT} characters"
    return None


def too_long(values: Iterable[object], most: int) -> bool:
    """Whether a string among the values has more than `most` characters."""
    return any(isinstance(value, str) and len(value) > most for value in values)


def without_defaults(item: Any) -> dict[str, Any]:
    """The attributes as a JSON object, without those that have their default value."""
    result = {}
    for spec in fields(item):
        value = getattr(item, spec.name)
        if value != spec.default:
            result[spec.name] = list(value) if isinstance(value, tuple) else value
    return result


@lru_cache
def _keys_of(kind: Any) -> frozenset[str]:
    return frozenset(spec.name for spec in fields(kind))


@lru_cache
def _required_keys(kind: Any) -> frozenset[str]:
    return frozenset(spec.name for spec in fields(kind) if spec.default is MISSING)


def known_keys(kind: Any, raw: object, where: str) -> dict[str, Any]:
    """A JSON object whose keys are attributes of a dataclass. Raises ContractError E106 for any other value."""
    return dict(checked_keys(raw, _required_keys(kind), _keys_of(kind), where))


def checked_keys(raw: object, required: Set[str], permitted: Set[str], where: str = "") -> dict[str, Any]:
    """A JSON object that has all required keys and only permitted ones. Raises ContractError E106 for other values."""
    if not isinstance(raw, dict):
        raise malformed("it must be an object", where)
    missing, unknown = required - raw.keys(), raw.keys() - permitted
    if missing:
        raise malformed(f"the key {json_text(min(missing))} is missing", where)
    if unknown:
        raise malformed(f"the key {json_text(min(unknown, key=str))} is not known", where)
    return raw


def as_tuples(values: dict[str, Any], keys: Sequence[str], where: str) -> dict[str, Any]:
    """Convert the lists under these keys to tuples. Raises ContractError E106 for other values."""
    for key in keys:
        if values.get(key) is not None:
            if not isinstance(values[key], list):
                raise malformed(f"{key} must be a list", where)
            values[key] = tuple(values[key])
    return values


def json_text(value: object) -> str:
    """A value for messages: its first 80 characters as JSON; for what is not JSON, as Python writes it."""
    try:
        text = canonical.dumps(value).decode()
    except (TypeError, ValueError):
        text = repr(value)
    return text[:80]


def malformed(what: str, where: str = "") -> ContractError:
    """The error E106 for a malformed contract. The page's messages are the same (spec/vectors/contracts.json)."""
    return ContractError(
        "E106",
        f"The contract is malformed: {what}.",
        where=where,
        fix="See §1 of `sealift docs spec/CONTRACT`.",
    )
