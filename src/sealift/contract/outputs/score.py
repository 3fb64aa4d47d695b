"""`score`: how a classifier without probabilities, or a detector of outliers, rates a row."""

from __future__ import annotations

from sealift.contract.outputs.base import OutputKind


class Score(OutputKind):
    """One number, or one column for each class or pair of classes."""

    name = "score"


SCORE = Score()
