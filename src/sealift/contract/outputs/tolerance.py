"""The tolerance for numbers that are compared with the expected ones (spec/SEAL.md §6)."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from sealift import canonical

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt

LOOSEST = 1e-2
"""The largest tolerance, as a share of the largest expected answer of the output."""


@dataclass(frozen=True)
class Tolerance:
    """|a − e| ≤ relative · max(|e|, scale), where `scale` is one number, or one for each column of the output."""

    relative: float
    scale: float | tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """As in files."""
        return {"relative": self.relative, "scale": self.scale if isinstance(self.scale, float) else list(self.scale)}

    @classmethod
    def from_json(cls, raw: Any, width: int | None, expected: npt.NDArray[Any]) -> Tolerance:
        """Read the tolerance of an output with `width` columns and the answers `expected`.

        Raises:
            KeyError, TypeError, ValueError: when it is malformed, or larger than the format allows.
        """
        given = raw["scale"]
        if isinstance(given, list) and len(given) != width:
            raise ValueError("the number of scales of a tolerance differs from the number of columns of its output")
        scales = [_bounded(scale) for scale in (given if isinstance(given, list) else [given])]
        tolerance = cls(_bounded(raw["relative"]), tuple(scales) if isinstance(given, list) else scales[0])
        if tolerance.relative > LOOSEST or tolerance.relative * max(scales) > allowance(expected):
            raise ValueError("a tolerance is larger than the format allows")
        return tolerance

    def capped(self, expected: npt.NDArray[Any]) -> Tolerance:
        """The same tolerance with scales that `from_json` accepts for these expected answers."""
        most = allowance(expected) / self.relative * (1 - 1e-12)
        if isinstance(self.scale, float):
            return Tolerance(self.relative, min(self.scale, most))
        return Tolerance(self.relative, tuple(min(scale, most) for scale in self.scale))


def allowance(expected: npt.NDArray[Any]) -> float:
    """The largest absolute difference that a tolerance may allow near zero (spec/SEAL.md §6)."""
    import numpy as np

    finite = np.abs(expected[np.isfinite(expected)])
    return LOOSEST * (float(finite.max(initial=0.0)) or 1.0)


def matches(
    got: npt.NDArray[Any], expected: npt.NDArray[Any], tolerance: Tolerance | None
) -> tuple[npt.NDArray[np.bool_], float]:
    """Which rows agree (N,), and the worst difference in units of max(|e|, scale), 0 or infinite without one."""
    import numpy as np

    if got.shape != expected.shape:
        return np.zeros(len(expected), dtype=np.bool_), np.inf
    if tolerance is None:
        same = np.asarray(got == expected)
        worst = 0.0 if same.all() else np.inf
    else:
        got, expected = got.astype(np.float64), expected.astype(np.float64)
        with np.errstate(invalid="ignore"):
            equal = (got == expected) | (np.isnan(got) & np.isnan(expected))
            difference = np.abs(got - expected) / np.maximum(np.abs(expected), tolerance.scale)
        difference = np.where(equal, 0.0, np.where(np.isfinite(difference), difference, np.inf))
        same = difference <= tolerance.relative
        worst = float(difference.max(initial=0.0))
    return np.asarray(same.all(axis=tuple(range(1, same.ndim)))), worst


def _bounded(raw: Any) -> float:
    value = canonical.number(raw)
    if not 0 <= value < inf:
        raise ValueError("a tolerance must consist of finite, non-negative numbers")
    return value
