"""What an incumbent may do to the rows before its model: changes under which the sealed model answers as it does."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from sealift.contract import Contract

Columns: TypeAlias = Mapping[str, Sequence[Any]]
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Hypothesis:
    """A change of the rows.

    Attributes:
        name: a stable name, for programs.
        cause: a sentence for people.
        apply: the changed rows; None where the change does not concern the contract.
    """

    name: str
    cause: str
    apply: Callable[[Contract, Columns], dict[str, list[Any]] | None]


def _each(contract: Contract, columns: Columns, kind: type, change: Callable[[Any], Any]) -> dict[str, list[Any]]:
    """The rows with each value of a Python type changed; booleans are no numbers."""
    return {
        field.name: [
            change(value) if isinstance(value, kind) and not isinstance(value, bool) else value
            for value in columns[field.name]
        ]
        for field in contract.inputs
    }


def _float32(contract: Contract, columns: Columns) -> dict[str, list[Any]]:
    with np.errstate(over="ignore"):
        return _each(contract, columns, float, lambda value: float(np.float32(value)))


def _truncated(contract: Contract, columns: Columns) -> dict[str, list[Any]]:
    return _each(contract, columns, float, lambda value: float(math.trunc(value)))


def _missing_as(number: float) -> Callable[[Contract, Columns], dict[str, list[Any]] | None]:
    def apply(contract: Contract, columns: Columns) -> dict[str, list[Any]] | None:
        changed = {name: list(values) for name, values in columns.items()}
        for field in contract.inputs:
            if field.type.feeds == "number" and field.type.is_plain and not field.type.has_words:
                changed[field.name] = [number if value is None else value for value in changed[field.name]]
        return changed

    return apply


def _missing_text(word: str) -> Callable[[Contract, Columns], dict[str, list[Any]] | None]:
    def apply(contract: Contract, columns: Columns) -> dict[str, list[Any]] | None:
        changed = {name: list(values) for name, values in columns.items()}
        for field in contract.inputs:
            if field.type.feeds == "text":
                changed[field.name] = [word if value is None else value for value in changed[field.name]]
        return changed

    return apply


def _alphabetical(contract: Contract, columns: Columns) -> dict[str, list[Any]] | None:
    names = [field.name for field in contract.inputs]
    order = sorted(names)
    if order == names or len({field.dtype for field in contract.inputs}) > 1:
        return None
    return {name: list(columns[other]) for name, other in zip(names, order, strict=True)}


def _lower(contract: Contract, columns: Columns) -> dict[str, list[Any]]:
    return _each(contract, columns, str, str.lower)


def _stripped(contract: Contract, columns: Columns) -> dict[str, list[Any]]:
    return _each(contract, columns, str, str.strip)


def _day_first(contract: Contract, columns: Columns) -> dict[str, list[Any]]:
    def swapped(value: str) -> str:
        match = _DATE.fullmatch(value)
        if match is None or int(match[3]) > 12:  # such dates cannot be misread
            return value
        return f"{match[1]}-{match[3]}-{match[2]}{match[4]}"

    dated = {field.name for field in contract.inputs if field.type.has_date_format}
    changed = _each(contract, columns, str, swapped)
    return {name: changed[name] if name in dated else list(columns[name]) for name in changed}


HYPOTHESES: tuple[Hypothesis, ...] = (
    Hypothesis("float32", "It rounds the numbers of the rows to float32 before its model.", _float32),
    Hypothesis("missing-as-zero", "It replaces missing numbers by 0.", _missing_as(0.0)),
    Hypothesis("missing-as-minus-one", "It replaces missing numbers by -1.", _missing_as(-1.0)),
    Hypothesis("missing-as-empty", "It replaces missing strings by empty ones.", _missing_text("")),
    Hypothesis("missing-as-nan", "It replaces missing strings by the word nan.", _missing_text("nan")),
    Hypothesis("missing-as-none", "It replaces missing strings by the word None.", _missing_text("None")),
    Hypothesis("column-order", "It gives the columns to its model in alphabetical order.", _alphabetical),
    Hypothesis("truncated", "It drops the decimals of numbers.", _truncated),
    Hypothesis("lower-case", "It converts strings to lower case.", _lower),
    Hypothesis("stripped", "It removes spaces at the ends of strings.", _stripped),
    Hypothesis("day-and-month", "It reads days as months and months as days.", _day_first),
)
