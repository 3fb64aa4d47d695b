"""Probabilities: their magnitude is 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from sealift.contract import Output
from sealift.packing.outputs.base import OutputPacking
from sealift.packing.outputs.names import named_by_target


class ProbabilityPacking(OutputPacking):
    """A probability near 0 has the same absolute tolerance as one near 1."""

    def scale(self, answers: npt.NDArray[Any]) -> float:
        """1."""
        del answers
        return 1.0

    def named_by_truth(self, output: Output, title: str, names: Sequence[str]) -> Output:
        """Columns for several targets have the targets' names."""
        del title
        return named_by_target(output, names)


PROBABILITY = ProbabilityPacking()
