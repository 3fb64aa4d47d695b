"""`score`: the decision function of a classifier, or the score of an outlier detector."""

from __future__ import annotations

from sealift.contract.outputs.base import OutputKind


class Score(OutputKind):
    """One number, or one column for each class or pair of classes."""

    name = "score"


SCORE = Score()
