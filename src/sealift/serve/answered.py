"""The answers to the rows of a request, and to rows of several requests that are computed at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Batch, Problem

ONE = np.ones(1, dtype=np.bool_)
"""`Batch.good` of a single row without a problem."""
ONE.flags.writeable = False


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


@dataclass(slots=True)
class Joined:
    """The answers to N rows without problems, each of another request.

    Attributes:
        tensors: tensor name → array of N rows.
        outputs: output name → answers of the N rows.
        engine: when the computation began and ended, by `time.perf_counter`.
    """

    tensors: Mapping[str, npt.NDArray[Any]]
    outputs: Mapping[str, npt.NDArray[Any]]
    engine: tuple[float, float]

    def one(self, row: int) -> Answered:
        """The answers to the request of one row, from 0."""
        rows = slice(row, row + 1)
        tensors = {name: array[rows] for name, array in self.tensors.items()}
        outputs = {name: array[rows] for name, array in self.outputs.items()}
        return Answered(Batch(tensors, ONE, ()), outputs, self.engine)
