"""Answers as values of JSON, of which none is lost: infinite numbers and NaN are strings (docs/reference/server.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sealift.canonical import number_text
from sealift.contract import Contract, Output, shown
from sealift.contract.outputs import output_kind, spelled

if TYPE_CHECKING:
    from sealift.runtime import SealedModel

NON_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def plain(array: npt.NDArray[Any]) -> list[Any]:
    """An array as nested lists of JSON values; NaN, Infinity and -Infinity as strings."""
    values: list[Any] = array.tolist()
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return values
    return _spelled(values)


def _spelled(values: list[Any]) -> list[Any]:
    return [
        _spelled(value) if isinstance(value, list) else value if np.isfinite(value) else number_text(value)
        for value in values
    ]


def rows(contract: Contract, outputs: Mapping[str, npt.NDArray[Any]]) -> Iterator[dict[str, Any]]:
    """For each row an object: output name → value.

    A wide output is an object with a key for each class or column name, else a list. A label whose classes have names
    is followed by `<output>_name`.
    """
    columns: list[tuple[str, Sequence[Any]]] = []
    for output in contract.outputs:
        answers = outputs[output.name]
        kind = output_kind(output)
        if kind.has_axes or kind.has_own_json:
            columns.append((output.name, [spelled(value) for value in kind.plain(output, answers)]))
        elif output.width is None:
            names = [column.name for column in kind.columns(output)]
            parts = [_plain(part) for part in kind.split(output, answers)]
            columns += zip(names, parts, strict=True)
        else:
            parts_of = part_names(output)
            values = plain(answers)
            columns.append(
                (
                    output.name,
                    values if parts_of is None else [dict(zip(parts_of, row, strict=True)) for row in values],
                )
            )
    names = [name for name, _ in columns]
    for row in zip(*(values for _, values in columns), strict=True):
        yield dict(zip(names, row, strict=True))


def rows_writer(contract: Contract) -> Callable[[Mapping[str, npt.NDArray[Any]]], list[dict[str, Any]]]:
    """A function that gives the objects of few rows, as `rows` does, in less time."""
    parts: list[tuple[str, list[str] | None]] = []
    for output in contract.outputs:
        kind = output_kind(output)
        simple = (
            not kind.has_axes and not kind.has_own_json and (output.width is not None or len(kind.columns(output)) == 1)
        )
        if not simple:
            return lambda outputs: list(rows(contract, outputs))
        parts.append((output.name, None if output.width is None else part_names(output)))
    names = [name for name, _ in parts]

    def write(outputs: Mapping[str, npt.NDArray[Any]]) -> list[dict[str, Any]]:
        columns = []
        for name, of_parts in parts:
            values = outputs[name].tolist()
            for at, value in enumerate(values):
                if type(value) is list:
                    if not all(map(_is_plain, value)):
                        value = _spelled(value)  # noqa: PLW2901 -- the element is replaced
                    values[at] = value if of_parts is None else dict(zip(of_parts, value, strict=True))
                elif not _is_plain(value):
                    values[at] = number_text(value)
            columns.append(values)
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    return write


def _is_plain(value: object) -> bool:
    """Whether JSON has the value."""
    return type(value) is not float or isfinite(value)


def envelope(
    name: str,
    model: SealedModel,
    answers: Sequence[Any],
    problems: Sequence[Any],
    notes: Sequence[tuple[int, str, str]] = (),
) -> dict[str, Any]:
    """The object of a response: which model answered, the answer of each row or None, and the problems.

    Args:
        name: the name under which the model is served.
        model: the model.
        answers: an object for each row, None for one with a problem.
        problems: objects of problems.
        notes: those of `SealedModel.notes_of`; the key is left out where there are none.
    """
    noted = [{"row": row + 1, "field": field, "note": note} for row, field, note in notes]
    return {
        "model": name,
        "version": model.version,
        "identity": model.identity,
        "answers": answers,
        "problems": problems,
        **({"notes": noted} if noted else {}),
    }


def part_names(output: Output) -> list[str] | None:
    """The names of the columns of a wide output; None where they are only numbered."""
    if output.columns is not None:
        return list(output.columns)
    if output.classes is not None and len(output.classes) == output.width:
        return list(output.class_names or map(shown, output.classes))
    return None


def _plain(values: Sequence[Any] | npt.NDArray[Any]) -> Sequence[Any]:
    return plain(values) if isinstance(values, np.ndarray) else values
