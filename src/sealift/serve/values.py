"""Answers as values of JSON, of which none is lost: infinite numbers and NaN are strings (docs/reference/server.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.canonical import number_text
from sealift.contract import Contract, Output, shown
from sealift.contract.outputs import output_kind

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
        if output.width is None:
            kind = output_kind(output)
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


def part_names(output: Output) -> list[str] | None:
    """The names of the columns of a wide output; None where they are only numbered."""
    if output.columns is not None:
        return list(output.columns)
    if output.classes is not None and len(output.classes) == output.width:
        return list(output.class_names or map(shown, output.classes))
    return None


def _plain(values: Sequence[Any] | npt.NDArray[Any]) -> Sequence[Any]:
    return plain(values) if isinstance(values, np.ndarray) else values
