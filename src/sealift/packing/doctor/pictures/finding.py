"""A preprocessing with which a net answers significantly better than with the declared one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BetterVariant:
    """One variant of a `sealift.Image`, and the comparison of its answers with those of the declared one.

    Attributes:
        name: what differs, in words.
        arguments: the arguments of `sealift.Image` to change, with their values.
        metric: `accuracy_score`, or `mean_absolute_error`.
        declared: the metric with the declared preprocessing.
        variant: the metric with this variant.
        pictures: the number of pictures.
        better: the number of pictures whose answer is better with the variant.
        worse: the number of pictures whose answer is worse with the variant.
        p_value: of the exact one-sided sign test of `better` against `worse` (McNemar's test for correct and wrong
            answers), multiplied by the number of variants (Bonferroni).
    """

    name: str
    arguments: Mapping[str, Any]
    metric: str
    declared: float
    variant: float
    pictures: int
    better: int
    worse: int
    p_value: float

    @property
    def change(self) -> str:
        """The arguments as in a call."""
        return ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())

    @property
    def sentence(self) -> str:
        """The figures in words."""
        figures = (
            f"the accuracy is {self.variant:.1%} instead of {self.declared:.1%}"
            if self.metric == "accuracy_score"
            else f"the mean absolute error is {self.variant:.4g} instead of {self.declared:.4g}"
        )
        return (
            f"With {self.name}, {figures} on {self.pictures:,} pictures: {self.better:,} answers are better and "
            f"{self.worse:,} worse (corrected p = {self.p_value:.1g})."
        )

    @property
    def fix(self) -> str:
        """How to change the preprocessing."""
        return f"If the net was trained so, change the preprocessing: sealift.Image(…, {self.change})."

    def as_json(self) -> dict[str, Any]:
        """The comparison for `--json`."""
        return {**vars(self), "arguments": dict(self.arguments), "sentence": self.sentence, "fix": self.fix}
