"""Labels: accuracy, and metrics of the probabilities of their classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Output, is_missing
from sealift.contract.outputs import Tolerance, output_kind
from sealift.packing.outputs.base import OutputPacking
from sealift.packing.outputs.names import named_as_target
from sealift.packing.outputs.ties import allowed
from sealift.packing.outputs.truth import check_shape, unfit


class LabelPacking(OutputPacking):
    """Labels must be equal. Labels of a classifier have true answers; clusters and outlier labels have none."""

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
        """Whether the numbers of the two classes are equal within twice the tolerance, which each of them may use."""
        places = {value: i for i, value in enumerate(output.classes or ())}
        rows = np.arange(len(expected))
        one, two = (numbers[rows, [places.get(v, 0) for v in each.tolist()]] for each in (got, expected))
        return np.asarray(np.abs(one - two) <= 2 * allowed(two, tolerance))

    def is_fragile(
        self, output: Output, expected: npt.NDArray[Any], numbers: npt.NDArray[np.float64], tolerance: Tolerance
    ) -> npt.NDArray[np.bool_]:
        """Whether the two largest numbers are closer than four times the tolerance."""
        del output, expected
        ordered = np.sort(numbers, axis=1)
        return np.asarray(ordered[:, -1] - ordered[:, -2] <= 4 * allowed(ordered[:, -1], tolerance))

    def metrics(
        self, output: Output, contract: Contract, answers: Mapping[str, npt.NDArray[Any]], truth: npt.NDArray[Any]
    ) -> Mapping[str, float] | None:
        """`accuracy_score`; with probabilities `log_loss`, `brier_score_loss`, and for two classes `roc_auc_score`.

        For several targets, the accuracy is the share of rows whose labels are all correct.
        """
        if contract.task != "classification":
            return None
        labels = answers[output.name]
        check_shape(truth, labels)
        if any(is_missing(value) for value in truth.reshape(-1).tolist()):
            raise unfit("y has missing values.")
        probability = next(
            (answers[o.name] for o in contract.outputs if output_kind(o).by_class and o.classes == output.classes), None
        )
        return _quality(output, labels, probability, truth)

    def baseline(self, output: Output, contract: Contract, truth: npt.NDArray[Any]) -> Mapping[str, Any] | None:
        """The most frequent class of the truth (N,) and its share, which is the accuracy of always predicting it."""
        if contract.task != "classification" or truth.ndim > 1:
            return None
        counts = Counter(truth.tolist())
        classes = [value for value in output.classes or () if value in counts]
        if not classes:
            return None
        commonest = max(classes, key=lambda value: counts[value])
        return {"class": commonest, "accuracy_score": float(f"{counts[commonest] / len(truth):.4g}")}

    def named_by_truth(self, output: Output, title: str, names: Sequence[str]) -> Output:
        """The target's name is the title; the names of several targets are those of the columns."""
        return named_as_target(output, title, names)


def _quality(
    output: Output, labels: npt.NDArray[Any], probability: npt.NDArray[Any] | None, truth: npt.NDArray[Any]
) -> dict[str, float]:
    same = np.asarray(labels == truth)
    measured = {"accuracy_score": float(np.mean(same.reshape(len(truth), -1).all(axis=1)))}
    if truth.ndim > 1:  # several targets
        return measured
    classes = list(output.classes or ())
    places = {value: i for i, value in enumerate(classes)}
    if probability is not None and all(value in places for value in truth.tolist()):
        column = np.array([places[value] for value in truth.tolist()])
        own = probability[np.arange(len(truth)), column]
        smallest = np.finfo(np.float64).eps
        measured["log_loss"] = float(-np.mean(np.log(np.clip(own, smallest, 1.0 - smallest))))
        squares = ((probability - np.eye(len(classes))[column]) ** 2).sum(axis=1)
        # With two classes, one of the two equal terms, so that the score is between 0 and 1.
        measured["brier_score_loss"] = float(squares.mean()) / (2.0 if len(classes) == 2 else 1.0)
        if len(classes) == 2 and 0 < column.sum() < len(column):
            measured["roc_auc_score"] = _auc(probability[:, 1], column == 1)
    return measured


def _auc(score: npt.NDArray[Any], positive: npt.NDArray[np.bool_]) -> float:
    """The Mann–Whitney statistic over its maximum (Hanley & McNeil, 1982); ties count half."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    good, bad = int(positive.sum()), int((~positive).sum())
    return float((rank[positive].sum() - good * (good + 1) / 2) / (good * bad))


LABEL = LabelPacking()
