"""The protocol of a step, and what several of them read."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from sealift.stages import read
from sealift.stages.image.grid import MOST_SIDE, Grid, Shape

Raw = Mapping[str, Any]


class ImageStep(ABC):
    """One step from the decoded picture to the tensor."""

    @classmethod
    @abstractmethod
    def of(cls, raw: Raw) -> Self:
        """Read it from JSON. Raises ValueError."""

    @abstractmethod
    def shape(self, before: Shape) -> Shape:
        """What is known of the picture after the step. Raises ValueError where the step is not permitted."""

    @abstractmethod
    def apply(self, grid: Grid) -> Grid:
        """The picture after the step. Raises PictureError."""


def size(raw: object, least: int = 1) -> tuple[int, int]:
    """A pair of whole numbers up to `MOST_SIDE`, such as [height, width]."""
    first, second = (read.integer(item, least, MOST_SIDE) for item in read.items(raw, int, 2, least=2))
    return first, second


def choice(raw: object, name: str, known: tuple[str, ...]) -> str:
    """One of the strings `known`; `name` is its key."""
    if not isinstance(raw, str) or raw not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}")
    return raw


def numbers(raw: object, name: str) -> tuple[float, ...]:
    """One to four finite numbers; `name` is their key."""
    if not isinstance(raw, list) or not 1 <= len(raw) <= 4:
        raise ValueError(f"{name} must be a list of 1 to 4 numbers")
    if any(isinstance(item, bool) or not isinstance(item, int | float) for item in raw):
        raise ValueError(f"{name} must be a list of 1 to 4 numbers")
    try:
        values = tuple(float(item) for item in raw)
    except OverflowError:
        values = (math.inf,)
    if not all(map(math.isfinite, values)):
        raise ValueError(f"the numbers of {name} must be finite")
    return values


def single(values: tuple[float, ...], name: str) -> tuple[float, ...]:
    """The numbers rounded to float32, which must stay finite."""
    with np.errstate(over="ignore"):
        rounded = tuple(float(np.float32(value)) for value in values)
    if not all(map(math.isfinite, rounded)):
        raise ValueError(f"the numbers of {name} must be finite in float32")
    return rounded


def check_channels(values: tuple[float, ...], name: str, channels: int) -> None:
    """Raise ValueError unless there is one number, or one for each channel."""
    if len(values) not in (1, channels):
        raise ValueError(f"{name} must have one number, or one for each of the {channels} channels")
