"""Spans: their places must be equal, and the tolerance is that of probabilities."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from sealift.packing.outputs.base import OutputPacking


class SpansPacking(OutputPacking):
    """The magnitude of probabilities is 1."""

    def scale(self, answers: npt.NDArray[Any]) -> float:
        """1."""
        del answers
        return 1.0


SPANS = SpansPacking()
