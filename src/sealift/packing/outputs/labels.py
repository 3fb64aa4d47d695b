"""Sets of labels: accuracy, F1 and the Hamming loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Output
from sealift.contract.outputs import Tolerance
from sealift.packing.outputs.base import OutputPacking
from sealift.packing.outputs.ties import allowed
from sealift.packing.outputs.truth import check_shape, unfit


class LabelsPacking(OutputPacking):
    """Labels must be equal."""

    def scale(self, answers: npt.NDArray[Any]) -> None:
        """None: labels have no tolerance."""
        del answers

    def is_tied(
        self,
        output: Output,
        got: npt.NDArray[Any],
        expected: npt.NDArray[Any],
        numbers: npt.NDArray[np.float64],
        tolerance: Tolerance,
    ) -> npt.NDArray[np.bool_]:
        """Whether each label that differs has a probability at its threshold."""
        return np.asarray(((got == expected) | self._near(output, numbers, tolerance, 1)).all(axis=1))

    def is_fragile(
        self, output: Output, expected: npt.NDArray[Any], numbers: npt.NDArray[np.float64], tolerance: Tolerance
    ) -> npt.NDArray[np.bool_]:
        """Whether the probability of any label is close to its threshold."""
        del expected
        return np.asarray(self._near(output, numbers, tolerance, 4).any(axis=1))

    def _near(
        self, output: Output, numbers: npt.NDArray[np.float64], tolerance: Tolerance, times: float
    ) -> npt.NDArray[np.bool_]:
        away = np.abs(numbers - np.array((output.settings or {})["thresholds"]))
        return np.asarray(away <= times * allowed(numbers, tolerance))

    def metrics(
        self, output: Output, contract: Contract, answers: Mapping[str, npt.NDArray[Any]], truth: npt.NDArray[Any]
    ) -> Mapping[str, float] | None:
        """`accuracy_score` of whole sets, `f1_score` (macro and micro) and `hamming_loss`."""
        del contract
        given = answers[output.name]
        check_shape(truth, given)
        if not set(np.unique(truth).tolist()) <= {0, 1}:
            raise unfit("y has values other than 0 and 1.")
        true = truth.astype(bool)
        hits, wrong = (given & true).sum(axis=0), (given != true).sum(axis=0)
        sizes = 2 * hits + wrong
        each = np.where(sizes > 0, 2 * hits / np.maximum(sizes, 1), 0.0)  # 0 for a label that never occurs
        whole = 2 * hits.sum() + wrong.sum()
        return {
            "accuracy_score": float((given == true).all(axis=1).mean()),
            "f1_score_macro": float(each.mean()),
            "f1_score_micro": float(2 * hits.sum() / whole) if whole else 0.0,
            "hamming_loss": float((given != true).mean()),
        }


LABELS = LabelsPacking()
