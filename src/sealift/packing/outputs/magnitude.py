"""The usual magnitude of answers, which a relative tolerance refers to near zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def magnitudes(values: npt.NDArray[Any], smallest: float) -> float | tuple[float, ...]:
    """The usual magnitude of each column, at least `smallest` times the largest; one number if all are equal.

    Columns of very different magnitude, such as a price and a rate, need different tolerances: relative to the price,
    every error of the rate would be permitted.
    """
    if values.ndim != 2:
        return magnitude(values)
    single = [magnitude(values[:, i]) for i in range(values.shape[1])]
    least = smallest * max(single)
    each = tuple(float(f"{max(scale, least):.0e}") for scale in single)
    return each[0] if len(set(each)) == 1 else each


def magnitude(values: npt.NDArray[Any]) -> float:
    """The usual magnitude of an output, rounded to one digit; relative tolerances refer to it near zero."""
    finite = np.abs(values[np.isfinite(values)])
    # Rounding errors in answers that are exactly 0 do not show the usual magnitude.
    finite = finite[finite > 1e-12 * finite.max(initial=0.0)]
    middle = float(np.median(finite)) if len(finite) else 0.0
    return float(f"{middle:.0e}") if middle > 0 else 1.0
