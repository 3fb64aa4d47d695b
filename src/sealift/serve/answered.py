"""The answers to the rows of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from sealift.contract import Batch, Problem


@dataclass(slots=True)
class Answered:
    """The answers to N rows.

    Attributes:
        batch: the checked rows: their tensors, which are good, and the problems of the others.
        outputs: output name → answers of the good rows, in their order.
    """

    batch: Batch
    outputs: Mapping[str, npt.NDArray[Any]]

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with the rows that have no answer."""
        return self.batch.problems
