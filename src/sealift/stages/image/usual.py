"""The usual statistics of a model's pictures, and what is unusual in another one (spec/IMAGE.md §9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sealift.stages import read
from sealift.stages.image.statistics import NAMES
from sealift.stages.image.steps.base import numbers


@dataclass(frozen=True)
class Usual:
    """The key `usual` of a stage: statistic → the lowest and the highest usual value."""

    bounds: Mapping[str, tuple[float, float]]

    @classmethod
    def of(cls, raw: object) -> Self:
        """Read it from JSON. Raises ValueError."""
        return cls({name: _pair(name, pair) for name, pair in read.keys(raw, set(), frozenset(NAMES)).items()})

    def unlike(self, statistics: Mapping[str, float]) -> tuple[str, ...]:
        """What is unusual, each once, such as `brightness`."""
        outside = {NAMES[name] for name, (low, high) in self.bounds.items() if not low <= statistics[name] <= high}
        return tuple(dict.fromkeys(name for name in NAMES.values() if name in outside))


def caution(unlike: tuple[str, ...]) -> str:
    """What a picture has in which something is unusual, to complete `The picture has …`."""
    *before, last = unlike
    listed = f"{', '.join(before)} and {last}" if before else last
    return f"{listed} unlike the training pictures"


def _pair(name: str, raw: Any) -> tuple[float, float]:
    pair = numbers(raw, name)
    if len(pair) != 2 or pair[0] > pair[1]:
        raise ValueError(f"{name} must be two numbers in ascending order")
    return pair[0], pair[1]
