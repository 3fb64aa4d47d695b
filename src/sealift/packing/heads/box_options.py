"""The options of `Boxes`, as both implementations of its arithmetic need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Format = Literal["xyxy", "xywh", "cxcywh"]


@dataclass(frozen=True, kw_only=True)
class BoxOptions:
    """What the two implementations of the arithmetic need; the attributes are those of `Boxes`."""

    classes: int
    format: Format
    activation: Literal["sigmoid", "softmax"] | None
    objectness: bool
    background: Literal["first", "last"] | None
    normalized: tuple[int, int] | None
    score_threshold: float
    iou_threshold: float | None
    class_agnostic: bool
    multi_label: bool
    maximum: int

    @property
    def numbers(self) -> int:
        """The number of scores of a candidate: those of the classes and of the background."""
        return self.classes + (self.background is not None)

    @property
    def rows(self) -> int:
        """The number of numbers of a candidate."""
        return 4 + self.objectness + self.numbers
