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
        engine: when the computation began and ended, by `time.perf_counter`; None where that is not known.
    """

    batch: Batch
    outputs: Mapping[str, npt.NDArray[Any]]
    engine: tuple[float, float] | None = None

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with the rows that have no answer."""
        return self.batch.problems
