"""The true answers given to `pack`, beside the model's."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from sealift.errors import PackError


def check_shape(truth: npt.NDArray[Any], answers: npt.NDArray[Any]) -> None:
    """Raise PackError E305 when the true answers have another shape than the model's."""
    if truth.shape != answers.shape:
        raise unfit(f"y has the shape {truth.shape}, unlike the model's answers.")


def unfit(what: str) -> PackError:
    """The error E305 for true answers that cannot be compared with the model's."""
    return PackError("E305", what, fix="Give the true answer for each row of X in the form of fit's y, or leave y out.")
