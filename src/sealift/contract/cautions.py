"""Counts of unusual values in answered rows: missing values, unknown categories, numbers outside the usual range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as declared
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.contract import Contract
from sealift.contract.scalars import shown

_MAX_EXAMPLES = 5


@dataclass
class Cautions:
    """Counts over the answered rows, for one input.

    Attributes:
        field: the input's name.
        missing: rows without a value.
        unknown: rows with a value outside the input's categories.
        outside: rows with a number outside the range of most training values (`Field.observed`).
        examples: up to five of the unknown values, in order of appearance.
        noted: rows with a note of a stage, such as a text that is cut.
        notes: up to five different notes, in order of appearance.
    """

    field: str
    missing: int = 0
    unknown: int = 0
    outside: int = 0
    examples: list[str] = declared(default_factory=list)
    noted: int = 0
    notes: list[str] = declared(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.unknown or self.outside or self.noted)

    def add(self, following: Cautions) -> None:
        """Add the counts of later rows."""
        self.missing += following.missing
        self.outside += following.outside
        self.unknown += following.unknown
        new = [text for text in following.examples if text not in self.examples]
        self.examples += new[: _MAX_EXAMPLES - len(self.examples)]
        self.noted += following.noted
        more = [note for note in following.notes if note not in self.notes]
        self.notes += more[: _MAX_EXAMPLES - len(self.notes)]

    def note(self, text: str) -> None:
        """Add a row with a note of a stage."""
        self.noted += 1
        if text not in self.notes and len(self.notes) < _MAX_EXAMPLES:
            self.notes.append(text)

    def as_dict(self) -> dict[str, Any]:
        """The counts for `--json`, without the zeros."""
        counts = {"missing": self.missing, "unknown": self.unknown, "outside": self.outside, "examples": self.examples}
        counts |= {"noted": self.noted, "notes": self.notes}
        return {key: value for key, value in counts.items() if value}


def cautions(contract: Contract, tensors: Mapping[str, npt.NDArray[Any]], counts: Sequence[Cautions]) -> None:
    """Add the rows of checked tensors (`Batch.only_good`) to `counts`, one entry for each input."""
    for tensor in contract.tensors:
        if tensor.name == "number":
            _numbers(contract, tensors["number"], tensor.fields, counts)
        elif tensor.name == "text":
            _strings(contract, tensors, tensor.fields, counts)


def _numbers(
    contract: Contract, matrix: npt.NDArray[np.float64], fields: Sequence[int], counts: Sequence[Cautions]
) -> None:
    inputs = [contract.inputs[position] for position in fields]
    missing = _counts(np.isnan(matrix))
    low, high = np.array([item.usual for item in inputs]).T
    outside = matrix < low
    outside |= matrix > high
    beyond = _counts(outside)
    for at, (position, item) in enumerate(zip(fields, inputs, strict=True)):
        counts[position].missing += int(missing[at])
        counts[position].outside += int(beyond[at])
        if item.categories is not None:
            known = item.type.known(item.categories)
            column = matrix[:, at]
            unknown = column[~np.isin(column, list(known)) & ~np.isnan(column)]
            _add_unknown(counts[position], unknown.tolist())


def _strings(
    contract: Contract, tensors: Mapping[str, npt.NDArray[Any]], fields: Sequence[int], counts: Sequence[Cautions]
) -> None:
    missing = tensors["text_missing"].sum(axis=0)
    for at, position in enumerate(fields):
        counts[position].missing += int(missing[at])
        categories = contract.inputs[position].categories
        if categories is not None:
            known = set(categories)
            absent = tensors["text_missing"][:, at].tolist()
            column = tensors["text"][:, at].tolist()
            _add_unknown(
                counts[position],
                [
                    value
                    for value, is_absent in zip(column, absent, strict=True)
                    if value not in known and not is_absent
                ],
            )


def _counts(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """The number of marked rows of each column; of few marked cells in half the time of `mask.sum(axis=0)`."""
    columns = mask.shape[1]
    return np.bincount(np.flatnonzero(mask) % columns, minlength=columns)


def _add_unknown(counts: Cautions, values: Sequence[Any]) -> None:
    counts.unknown += len(values)
    if len(counts.examples) < _MAX_EXAMPLES:
        for text in dict.fromkeys(shown(value) for value in values):
            if len(counts.examples) < _MAX_EXAMPLES and text not in counts.examples:
                counts.examples.append(text[:60])
