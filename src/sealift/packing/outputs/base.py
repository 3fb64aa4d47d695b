"""The second protocol of a kind of output: what only `pack` needs.

An implementation is declared as an entry point of the group `sealift.output_packing` under the name of its kind. A kind
without one is packed by the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Output
from sealift.contract.outputs import Tolerance
from sealift.packing.outputs.magnitude import magnitudes
from sealift.plugins import Plugins


class SetDifferences(NamedTuple):
    """How answers that are sets differ, although they agree.

    Attributes:
        unit: what is counted, such as boxes.
        compared: the number of elements of the original's answers.
        different: the number of elements without an equal one in the other answer.
        least_iou: the least intersection over union of two matching elements, 1 where there are none.
    """

    unit: str
    compared: int
    different: int
    least_iou: float

    def plus(self, other: SetDifferences) -> SetDifferences:
        """Those of two parts of the rows."""
        return SetDifferences(
            self.unit,
            self.compared + other.compared,
            self.different + other.different,
            min(self.least_iou, other.least_iou),
        )


class OutputPacking:
    """What packing needs of a kind of output.

    Attributes:
        smallest: the minimum magnitude of a column, relative to that of the largest column.
        is_target: whether an answer is a target value, so that it can equal the value of one person.
    """

    smallest: float = 1e-2
    is_target: bool = False

    def scale(self, answers: npt.NDArray[Any]) -> float | tuple[float, ...] | None:
        """The magnitude that a relative tolerance refers to near zero: one number, or one for each column.

        Args:
            answers: the original's answers, (N,) or (N, k).

        Returns:
            None if answers have no tolerance and must be equal.
        """
        return magnitudes(answers, self.smallest)

    def differences(self, output: Output, got: npt.NDArray[Any], expected: npt.NDArray[Any]) -> SetDifferences | None:
        """How the answers to one row differ, for a kind whose answers are sets; else None."""
        del output, got, expected
        return None

    def is_tied(
        self,
        output: Output,
        got: npt.NDArray[Any],
        expected: npt.NDArray[Any],
        numbers: npt.NDArray[np.float64],
        tolerance: Tolerance,
    ) -> npt.NDArray[np.bool_]:
        """Which answers may differ, because the numbers that decide them are equal within the tolerance.

        Args:
            output: an output of this kind.
            got: answers, (N,) or (N, k).
            expected: the original's answers.
            numbers: the original's numbers that decide them, (N, k).
            tolerance: their tolerance.
        """
        del output, got, numbers, tolerance
        return np.zeros(len(expected), dtype=np.bool_)

    def is_fragile(
        self, output: Output, expected: npt.NDArray[Any], numbers: npt.NDArray[np.float64], tolerance: Tolerance
    ) -> npt.NDArray[np.bool_]:
        """Which answers of the original are close to a tie, so that another machine may give another answer."""
        del output, numbers, tolerance
        return np.zeros(len(expected), dtype=np.bool_)

    def metrics(
        self, output: Output, contract: Contract, answers: Mapping[str, npt.NDArray[Any]], truth: npt.NDArray[Any]
    ) -> Mapping[str, float] | None:
        """The quality of the answers under the names of `sklearn.metrics`; None if this output has no true answers.

        Args:
            output: an output of this kind.
            contract: its contract.
            answers: the answers by output name.
            truth: the true answers, (N,) or (N, k).

        Raises:
            PackError: E305 when `truth` has another shape than the answers.
        """
        del output, contract, answers, truth
        return None

    def baseline(self, output: Output, contract: Contract, truth: npt.NDArray[Any]) -> Mapping[str, Any] | None:
        """The quality of the best constant answer; None if that is not defined."""
        del output, contract, truth
        return None

    def named_by_truth(self, output: Output, title: str, names: Sequence[str]) -> Output:
        """The output with the names that the true answers have in a data frame.

        Args:
            output: an output of this kind.
            title: the name of a single column; empty if it has none, or there are several.
            names: the names of several columns; empty otherwise.
        """
        del title, names
        return output


_packings: Plugins[OutputPacking] = Plugins("sealift.output_packing", "packing of a kind of output")
_DEFAULT = OutputPacking()


def packing_of(kind: str) -> OutputPacking:
    """The packing of a kind of output, by the kind's name."""
    return _packings.all().get(kind, _DEFAULT)
