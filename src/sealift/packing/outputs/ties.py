"""By how much a number may differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs import Tolerance


def allowed(numbers: npt.NDArray[Any], tolerance: Tolerance) -> npt.NDArray[np.float64]:
    """The absolute difference that a tolerance with one scale permits for each number."""
    return np.asarray(tolerance.relative * np.maximum(np.abs(numbers), np.max(tolerance.scale)))
