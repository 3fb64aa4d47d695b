"""Metrics of the model on the rows given to `pack`, if the true answers are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from sealift.contract import Contract
from sealift.packing.outputs import packing_of


def metrics(contract: Contract, answers: Mapping[str, npt.NDArray[Any]], y: Any) -> dict[str, float]:
    """The quality of the answers, by functions of `sklearn.metrics` with their defaults, under the functions' names.

    The first output that has true answers is measured, as its kind says (`OutputPacking.metrics`). Rounded to four
    digits; empty where no output has true answers.

    Args:
        contract: the task and the outputs.
        answers: the model's answers.
        y: the truth, (N,) or (N, k), an array.

    Raises:
        PackError: E305 when y has another shape than the answers.
    """
    for output in contract.outputs:
        measured = packing_of(output.kind).metrics(output, contract, answers, y)
        if measured is not None:
            return {name: float(f"{value:.4g}") for name, value in measured.items()}
    return {}


def baseline(contract: Contract, y: Any) -> Mapping[str, Any] | None:
    """The quality of the best constant answer (`OutputPacking.baseline`); None if no output defines one."""
    given = (packing_of(output.kind).baseline(output, contract, y) for output in contract.outputs)
    return next((quality for quality in given if quality is not None), None)
