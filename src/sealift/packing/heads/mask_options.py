"""The options of `Mask`, as both implementations of its arithmetic need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class MaskOptions:
    """What the two implementations of the arithmetic need; the attributes are those of `Mask`.

    Attributes:
        classes: the number of classes.
        indices: whether the output has the index of the class of each pixel, not scores.
        single: whether it has one score for each pixel, that of the second class.
        last: whether the scores are the last axis.
        size: the height and width of the grid, to which scores are resized.
        resized: whether that is another size than that of the output.
    """

    classes: int
    activation: Literal["softmax", "sigmoid"] | None
    threshold: float
    indices: bool
    single: bool
    last: bool
    size: tuple[int, int]
    resized: bool
