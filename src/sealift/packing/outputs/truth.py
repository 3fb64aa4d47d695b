"""Checks of the true answers given to `pack`."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from sealift.errors import PackError


def check_shape(truth: npt.NDArray[Any], answers: npt.NDArray[Any]) -> None:
    """Raise PackError E305 when the true answers have another shape than the model's."""
    if truth.shape != answers.shape:
        raise unfit(f"y has the shape {truth.shape}, but the model's answers have {answers.shape}.")


def unfit(what: str) -> PackError:
    """The error E305 for true answers that cannot be compared with the model's."""
    return PackError(
        "E305", what, fix="Give the true answer for each row of X, in the format of y in fit, or leave y out."
    )
