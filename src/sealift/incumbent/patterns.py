"""What the rows with another answer have in common, where no change of the rows explains them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract

_FEWEST = 5
_RECALL, _MOST_ELSEWHERE = 0.9, 0.5
_TIE = 1e-6
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pattern:
    """A condition that most of the differing rows satisfy, and fewer of the others.

    Attributes:
        name: a stable name, for programs.
        text: a sentence for people.
        rows: the number of differing rows that satisfy it.
    """

    name: str
    text: str
    rows: int


def common_condition(contract: Contract, columns: Mapping[str, Sequence[Any]], differs: Mask) -> Pattern | None:
    """The condition on one field that separates the differing rows best; None where there is none.

    Args:
        contract: the inputs.
        columns: input name → N values, None where one is missing.
        differs: which rows have another answer, (N,).
    """
    if differs.sum() < _FEWEST or differs.all():
        return None
    best: tuple[float, Pattern] | None = None
    for name, text, holds in _conditions(contract, columns):
        among, elsewhere = float(holds[differs].mean()), float(holds[~differs].mean())
        if among >= _RECALL and elsewhere <= _MOST_ELSEWHERE and (best is None or among - elsewhere > best[0]):
            best = among - elsewhere, Pattern(name, text, int(holds[differs].sum()))
    return None if best is None else best[1]


def near_ties(probabilities: npt.NDArray[Any], differs: Mask) -> Pattern | None:
    """Whether the labels of differing rows are nearly tied: their two largest probabilities are equal within 1e-6."""
    two = np.sort(probabilities[differs], axis=1)[:, -2:]
    tied = int((two[:, 1] - two[:, 0] <= _TIE).sum())
    if tied == 0:
        return None
    return Pattern("near-tie", "Their two most probable classes have nearly equal probabilities.", tied)


def other_threshold(probabilities: npt.NDArray[Any], positive: Mask, differs: Mask) -> Pattern | None:
    """Whether the incumbent decides between two classes at another probability than 0.5.

    Args:
        probabilities: those of the second class, (N,).
        positive: which rows the incumbent assigns to the second class, (N,).
        differs: which rows have another label, (N,).
    """
    if differs.sum() < _FEWEST or not positive.any() or positive.all():
        return None
    lowest, highest = float(probabilities[positive].min()), float(probabilities[~positive].max())
    if lowest < highest:
        return None
    return Pattern(
        "threshold",
        f"It decides at a probability between {highest:.4g} and {lowest:.4g} instead of 0.5.",
        int(differs.sum()),
    )


def _conditions(contract: Contract, columns: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str, Mask]]:
    for field in contract.inputs:
        values = columns[field.name]
        missing = np.array([value is None for value in values], dtype=np.bool_)
        if missing.any():
            yield "missing", f"{field.name!r:.80} is missing in them.", missing
        if field.categories is not None:
            known = set(field.categories)
            yield (
                "unknown-category",
                f"{field.name!r:.80} is not one of the known categories.",
                np.array([value is not None and value not in known for value in values], dtype=np.bool_),
            )
            for category in field.categories[:50]:
                holds = np.array([value == category for value in values], dtype=np.bool_)
                yield "category", f"{field.name!r:.80} is {category!r:.80}.", holds
        elif field.observed is not None and field.type.is_plain:
            low, high = (float(bound) for bound in field.observed)
            outside = [isinstance(value, int | float) and not low <= value <= high for value in values]
            yield (
                "outside",
                f"{field.name!r:.80} is outside the range of the training data.",
                np.array(outside, dtype=np.bool_),
            )
