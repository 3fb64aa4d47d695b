"""What a fitted step learned from its training data, for the contract and the privacy report."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class RetainedRows(NamedTuple):
    """Training rows that a method stores: their number, and what it uses them for."""

    number: int
    what: str


class Share(NamedTuple):
    """A number of a total."""

    number: int
    total: int


class Learned:
    """What a fitted step learned from its training data, for the contract and the privacy report.

    Each framework overrides the properties that it can determine; by default nothing is known.
    """

    @property
    def categories(self) -> Sequence[Sequence[Any]] | None:
        """The categories that an encoder knows, one sequence for each column of its input; None for other steps."""
        return None

    @property
    def constants(self) -> Collection[str | float]:
        """The constants with which an imputer replaces missing values."""
        return ()

    @property
    def rows(self) -> RetainedRows | None:
        """The training rows that the step stores."""
        return None

    @property
    def small_leaves(self) -> Share:
        """The number of leaves of regression trees learned from fewer than `stats.SMALL` rows, and of all leaves."""
        return Share(0, 0)

    @property
    def small_clusters(self) -> Share:
        """The number of clusters with fewer than `stats.SMALL` training rows, and of all clusters."""
        return Share(0, 0)

    def target(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
        """Target values (N, k) in the units in which the inner model is trained; None if they are not changed."""
        del values
        return None

    def sentences(self, rows: Any) -> list[str]:
        """What the step retains of its training data, in sentences without values.

        Args:
            rows: the input of the step for the caller's rows, to count rare categories; None if not known.
        """
        del rows
        return []
