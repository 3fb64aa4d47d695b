"""A contract as a JSON Schema (draft 2020-12) of one row, for forms, gateways and generated clients."""

from __future__ import annotations

import math
import struct
from typing import Any, Protocol

from sealift.contract.field import Field, named_categories
from sealift.contract.scalars import MAX_SAFE_INTEGER

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LARGEST = 1.7976931348623157e308
_END = r"(?![\s\S])"  # `$` holds before a line break at the end, too
_MONTHS = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|[12][0-9]))"
)
_DAY = rf"^(?!0000)[0-9]{{4}}-{_MONTHS}"
_PATTERNS = {
    # A date is a time at midnight.
    "date": rf"{_DAY}(?:T00:00(?::00(?:\.0{{1,6}})?)?)?{_END}",
    "datetime": rf"{_DAY}(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{{1,6}})?)?)?{_END}",
    # No NUL, and no half of a surrogate pair.
    "string": r"^[^\u0000\ud800-\udfff]*" + _END,
}


class Described(Protocol):
    """What is read of a contract (`sealift.contract.contract.Contract`)."""

    @property
    def inputs(self) -> tuple[Field, ...]:
        """The fields of a row."""

    @property
    def ignored_names(self) -> frozenset[str]:
        """The columns that a row may have besides."""

    @property
    def title(self) -> str:
        """What the model is called."""

    @property
    def description(self) -> str:
        """What it predicts."""


def json_schema(contract: Described) -> dict[str, Any]:
    """The schema of one row; see `Contract.json_schema`."""
    schema: dict[str, Any] = {"$schema": _DIALECT, "type": "object"}
    schema |= {key: text for key, text in (("title", contract.title), ("description", contract.description)) if text}
    properties: dict[str, Any] = {field.name: _property(field) for field in contract.inputs}
    properties |= {name: {"description": "The model drops this column."} for name in sorted(contract.ignored_names)}
    required = [field.name for field in contract.inputs if field.missing == "refused"]
    return schema | {"properties": properties, "required": required, "additionalProperties": False}


def _property(field: Field) -> dict[str, Any]:
    value = _value(field)
    described: dict[str, Any] = {"title": field.title} if field.title else {}
    parts = [field.description, f"Unit: {field.units}." if field.units else "", *_words(field)]
    if any(parts):
        described["description"] = " ".join(filter(None, parts))
    if field.typical is not None:
        described["examples"] = [field.typical]
    return {**described, **(value if field.missing == "refused" else {"anyOf": [value, {"type": "null"}]})}


def _words(field: Field) -> list[str]:
    """What a schema cannot demand, and names of categories, in sentences."""
    words = []
    if field.is_time and field.range is not None:
        low, high = field.range
        words.append(f"From {low or 'any time'} to {high or 'any time'}.")
    if field.category_names is not None:
        words.append(f"{', '.join(named_categories(field))}.")
    return words


def _value(field: Field) -> dict[str, Any]:
    """The schema of a value that is not missing."""
    closed = field.categories if field.unknown == "refused" else None
    if field.dtype == "string":
        return {"enum": list(closed)} if closed is not None else {"type": "string", "pattern": _PATTERNS["string"]}
    if field.is_time:
        return {"type": "string", "pattern": _PATTERNS[field.dtype]}
    low, high = _range(field)
    if field.dtype == "bool":
        flags = [flag for flag in (False, True) if low <= flag <= high and (closed is None or flag in closed)]
        return {"type": "boolean"} if len(flags) == 2 else _any_of(flags)
    if closed is not None:
        numbers = sorted({float(value) for value in closed})
        if field.dtype == "float32":
            numbers = sorted({_single(value) for value in numbers})
        return _one_of([value for value in numbers if low <= value <= high], single=field.dtype == "float32")
    if field.dtype == "float32":
        low, high = _rounding_to(low, high)
    schema: dict[str, Any] = {"type": "integer" if field.dtype == "int64" else "number"}
    if low > -_LARGEST:
        schema["minimum"] = _plain(low)
    if high < _LARGEST:
        schema["maximum"] = _plain(high)
    return schema


def _range(field: Field) -> tuple[float, float]:
    """The least and the largest number after the dtype and the range; of float32, of numbers of single precision."""
    limit = {"int64": float(MAX_SAFE_INTEGER), "float32": _single(3.4028234663852886e38), "bool": 1.0}
    most = limit.get(field.dtype, _LARGEST)
    low, high = field.limits("range") or (None, None)
    return max(-most, -math.inf if low is None else low), min(most, math.inf if high is None else high)


def _one_of(numbers: list[float], *, single: bool) -> dict[str, Any]:
    """Any of some numbers."""
    if not single:
        return _any_of(list(map(_plain, numbers)))
    parts: list[dict[str, Any]] = []
    for number in numbers:
        low, high = _rounding_to(number, number)
        parts.append({"type": "number", "minimum": _plain(low), "maximum": _plain(high)})
    return {"anyOf": parts} if parts else _any_of([])


def _any_of(values: list[Any]) -> dict[str, Any]:
    return {"enum": values} if values else {"not": {}}


def _single(value: float) -> float:
    """The number of single precision nearest to a double. Raises OverflowError beyond the largest."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def _rounds(value: float) -> float:
    try:
        return _single(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _rounding_to(low: float, high: float) -> tuple[float, float]:
    """The least and the largest double whose number of single precision lies from `low` to `high`."""
    return -_largest_below(-low), _largest_below(high)


def _largest_below(bound: float) -> float:
    """The largest double that rounds to a number of single precision of at most `bound`, by halving."""
    inside, outside = -3.5e38, 3.5e38  # beyond both ends of single precision
    if _rounds(outside) <= bound:
        return outside
    while math.nextafter(inside, math.inf) < outside:
        middle = inside / 2 + outside / 2
        if middle in (inside, outside):
            middle = math.nextafter(inside, math.inf)
        inside, outside = (middle, outside) if _rounds(middle) <= bound else (inside, middle)
    return inside


def _plain(number: float) -> int | float:
    """A whole number without a point where that is the same number to every reader of JSON."""
    return int(number) if number % 1 == 0 and abs(number) <= MAX_SAFE_INTEGER else number
