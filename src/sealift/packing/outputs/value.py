"""Values of a regression: errors and the share of explained variance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Output, is_missing
from sealift.packing.outputs.base import OutputPacking
from sealift.packing.outputs.names import named_as_target
from sealift.packing.outputs.truth import check_shape, unfit


class ValuePacking(OutputPacking):
    """Each target is computed separately, so that a small one is as exact as a large one."""

    smallest = 1e-5
    is_target = True

    def metrics(
        self, output: Output, contract: Contract, answers: Mapping[str, npt.NDArray[Any]], truth: npt.NDArray[Any]
    ) -> Mapping[str, float] | None:
        """`r2_score`, `mean_absolute_error` and `root_mean_squared_error`, over several targets the mean."""
        del contract
        value = answers[output.name]
        check_shape(truth, value)
        return _quality(value, _as_numbers(truth))

    def named_by_truth(self, output: Output, title: str, names: Sequence[str]) -> Output:
        """The target's name is the title; the names of several targets are those of the columns."""
        return named_as_target(output, title, names)


def _as_numbers(y: Any) -> npt.NDArray[np.float64]:
    try:
        truth = np.array([math.nan if is_missing(value) else value for value in y.reshape(-1)], dtype=np.float64)
    except (TypeError, ValueError):
        raise unfit("y has a value that is not a number.") from None
    if not np.isfinite(truth).all():
        raise unfit("y has missing or infinite values.")
    return truth.reshape(y.shape)


def _quality(value: npt.NDArray[Any], truth: npt.NDArray[Any]) -> dict[str, float]:
    error = value - truth
    # Over several targets, each metric is the mean over the targets.
    measured = {
        "mean_absolute_error": float(np.abs(error).mean()),
        "root_mean_squared_error": float(np.sqrt((error**2).mean(axis=0)).mean()),
    }
    if len(truth) < 2:
        return measured
    squares, spread = (error**2).sum(axis=0), ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    # For a constant truth the ratio is not defined; as in scikit-learn, exact answers count as 1 and others as 0.
    shares = np.where(spread > 0, squares / np.where(spread > 0, spread, 1.0), squares > 0)
    return {"r2_score": float(np.mean(1.0 - shares)), **measured}


VALUE = ValuePacking()
