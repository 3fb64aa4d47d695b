"""Scores of classes and of outliers."""

from __future__ import annotations

from collections.abc import Sequence

from sealift.contract import Output
from sealift.packing.outputs.base import OutputPacking
from sealift.packing.outputs.names import named_by_target


class ScorePacking(OutputPacking):
    """A score can be a small difference of large terms, so the magnitude of a column is at least 1 % of the largest."""

    def named_by_truth(self, output: Output, title: str, names: Sequence[str]) -> Output:
        """Columns for several targets have the targets' names."""
        del title
        return named_by_target(output, names)


SCORE = ScorePacking()
