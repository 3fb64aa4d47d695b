"""How the incumbent's answers correspond to an output of the sealed model, such as class names for classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Output, shown
from sealift.contract.outputs import output_kind
from sealift.incumbent.answers import Answers

Array = npt.NDArray[Any]
_LOOSE = 1e-3
"""With this tolerance a reading is recognised, though the incumbent computes less precisely."""
_SOME = 0.02


@dataclass(frozen=True)
class Reading:
    """One way to compare an answer of the incumbent with an output.

    Attributes:
        output: the output of the sealed model.
        theirs: the name of the incumbent's answer.
        note: what differs in form; empty where nothing does.
        ours_of: the output's values → values in the form of the incumbent.
        theirs_of: the incumbent's values → the same.
    """

    output: str
    theirs: str
    note: str
    ours_of: Callable[[Array], Array]
    theirs_of: Callable[[Array], Array]

    def agree(self, ours: Mapping[str, Array], theirs: Answers, tolerance: float) -> npt.NDArray[np.bool_]:
        """Which of N rows have the same answer, (N,)."""
        return same(self.ours_of(ours[self.output]), self.theirs_of(theirs[self.theirs]), tolerance)

    def pair(self, ours: Mapping[str, Array], theirs: Answers) -> tuple[Array, Array]:
        """The two values of each row."""
        return self.ours_of(ours[self.output]), self.theirs_of(theirs[self.theirs])


def is_text(array: Array) -> bool:
    """Whether the values are strings."""
    return array.dtype.kind in "OU"


def same(ours: Array, theirs: Array, tolerance: float) -> npt.NDArray[np.bool_]:
    """Which rows are equal: strings exactly, numbers within the tolerance times their magnitude, but at least 1."""
    if is_text(ours) or is_text(theirs):
        equal = np.asarray(ours == theirs, dtype=np.bool_)
    else:
        scale = np.maximum(1.0, np.maximum(np.abs(ours), np.abs(theirs)))
        with np.errstate(invalid="ignore"):
            equal = (
                (ours == theirs) | (np.isnan(ours) & np.isnan(theirs)) | (np.abs(ours - theirs) <= tolerance * scale)
            )
    return np.asarray(equal.reshape(len(equal), -1).all(axis=1))


def best_reading(
    contract: Contract, ours: Mapping[str, Array], theirs: Answers, output: str | None = None
) -> Reading | None:
    """The reading by which the answers are compared; None where no answer has the form of an output.

    Outputs of numbers come first, because they show more than labels: the first output is taken for which some rows
    agree, or whose name and form the incumbent's answer has. Of its readings the one counts by which most rows agree,
    and of equally good ones the plain one.

    Args:
        contract: the outputs.
        ours: output name → answers of N rows.
        theirs: the incumbent's answers to them.
        output: only this output is considered.
    """
    best: list[tuple[float, Reading]] = []
    outputs = [each for each in contract.outputs if output in (None, each.name)]
    for each in sorted(outputs, key=lambda o: not output_kind(o).has_tolerance(o)):
        readings = [
            (float(reading.agree(ours, theirs, _LOOSE).mean()), reading)
            for name in sorted(theirs, key=lambda their_name: their_name != each.name)
            for reading in _readings(contract, each, name, ours[each.name], theirs[name])
        ]
        if not readings:
            continue
        share, reading = max(readings, key=lambda entry: entry[0])  # the first of equal ones
        if share >= _SOME or any(other.theirs == each.name and not other.note for _, other in readings):
            return reading
        best.append((share, reading))
    return max(best, key=lambda entry: entry[0])[1] if best else None


def _readings(contract: Contract, output: Output, name: str, ours: Array, theirs: Array) -> Iterator[Reading]:
    """The readings whose forms fit."""

    def reading(note: str, ours_of: Callable[[Array], Array], theirs_of: Callable[[Array], Array] = _plain) -> Reading:
        return Reading(output.name, name, note, ours_of, theirs_of)

    if output_kind(output).has_tolerance(output):
        if not is_text(theirs):
            yield from _of_numbers(output, ours, theirs, reading)
        return
    if ours.shape == theirs.shape:
        if is_text(theirs):
            yield reading("", _strings)
        elif not is_text(ours):
            yield reading("", _numbers)
    classes, names = output.classes, output.class_names
    if classes is None:
        return
    if theirs.ndim == 1:
        if names is not None and is_text(theirs):
            yield reading("It answers with the names of the classes.", _mapped(classes, names))
        if not is_text(theirs) and list(classes) != list(range(len(classes))):
            yield reading("It answers with the numbers of the classes.", _mapped(classes, range(len(classes))))
    elif not is_text(theirs) and theirs.shape[1] == len(classes) and not any(o.width for o in contract.outputs):
        yield reading(
            "It answers with a number for each class; the largest is compared with the label.",
            _mapped(classes, range(len(classes))),
            lambda array: np.argmax(array, axis=1).astype(np.float64),
        )


def _of_numbers(output: Output, ours: Array, theirs: Array, reading: Callable[..., Reading]) -> Iterator[Reading]:
    if ours.shape == theirs.shape:
        yield reading("", _numbers)
        if output_kind(output).by_class:
            if ours.ndim == 2:
                yield reading("It answers with the classes in the reverse order.", lambda array: array[:, ::-1])
            yield reading("It answers with logarithms of the probabilities.", _numbers, np.exp)
        yield reading("It answers in per cent.", _numbers, lambda array: array / 100)
    if ours.ndim == 2 and theirs.ndim == 1:
        parts = output.columns or output.class_names or output.classes or range(ours.shape[1])
        for at in reversed(range(ours.shape[1])):
            part = shown(parts[at])
            yield reading(f"It answers only with the column {part!r}.", _column(at))
            if output_kind(output).by_class:
                yield reading(f"It answers with the log-odds of {part!r}.", _column(at), _logistic)
                yield reading(
                    f"It answers with the column {part!r} in per cent.", _column(at), lambda array: array / 100
                )


def _plain(array: Array) -> Array:
    return array


def _numbers(array: Array) -> Array:
    return array.astype(np.float64)


def _strings(array: Array) -> Array:
    return np.array([shown(value) for value in array.tolist()], dtype=np.object_)


def _column(at: int) -> Callable[[Array], Array]:
    return lambda array: array[:, at]


def _logistic(array: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-array)))


def _mapped(classes: Any, values: Any) -> Callable[[Array], Array]:
    """Each class replaced by the value at its position."""
    known = dict(zip(classes, values, strict=True))
    dtype = np.object_ if isinstance(values[0], str) else np.float64
    return lambda array: np.array([known[value] for value in array.tolist()], dtype=dtype)
