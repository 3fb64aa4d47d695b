"""`probability`: the probability of each class."""

from __future__ import annotations

from sealift.contract.outputs.base import OutputKind


class Probability(OutputKind):
    """One column for each class, in the order of `classes`; or one for each target."""

    name = "probability"
    task = "classification"
    by_class = True


PROBABILITY = Probability()
