"""Estimators that ignore their input (`dummy.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import dummy

from sealift.frameworks.registry import converter
from sealift.graph.builder import Tensor
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table, constant_column


@converter(dummy.DummyRegressor)
def regressor(step: Any, x: Table) -> StepOutput:
    """The same number, or the same numbers, for every row."""
    value = constant_column(x, 0.0).matrix() + np.asarray(step.constant_, dtype=np.float64)
    return StepOutput(value=value.vector() if step.n_outputs_ == 1 else value)


@converter(dummy.DummyClassifier)
def classifier(step: Any, x: Table) -> StepOutput:
    """The same class for every row."""
    if step._strategy not in ("most_frequent", "prior", "constant"):
        raise refuse(
            f"strategy={step._strategy!r} draws its answers at random.", "Use strategy='prior' or 'most_frequent'."
        )
    zero = constant_column(x, 0.0).matrix()
    if step.n_outputs_ == 1:
        return _constant(step, zero, step.classes_, step.class_prior_, step.constant)
    constants = [None] * step.n_outputs_ if step.constant is None else list(np.ravel(step.constant))
    parts = zip(step.classes_, step.class_prior_, constants, strict=True)
    return StepOutput(targets=tuple(_constant(step, zero, *part) for part in parts))


def _constant(step: Any, zero: Tensor, classes: npt.NDArray[Any], prior: npt.ArrayLike, constant: Any) -> StepOutput:
    index = int(np.flatnonzero(classes == constant)[0]) if step._strategy == "constant" else int(np.argmax(prior))
    shares = np.asarray(prior, dtype=np.float64) if step._strategy == "prior" else np.eye(len(classes))[index]
    choice = (zero.vector() + float(index)).cast("int64")
    return StepOutput(class_index=choice, classes=np.asarray(classes), probability=zero + shares)
