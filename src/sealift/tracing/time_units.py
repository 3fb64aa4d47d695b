"""The units of NumPy's and pandas' times: in what a count is rounded, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.contract.datetimes import DAY
from sealift.graph.tensor import Tensor, where
from sealift.tracing.calendar import quotient
from sealift.tracing.unsupported import UnsupportedOperation

MICROS = {"W": 7 * DAY, "D": DAY, "h": DAY // 24, "m": 60_000_000, "s": 1_000_000, "ms": 1000, "us": 1}
"""How many microseconds a unit is."""
_ORDER = [*MICROS, "ns"]
_MOST = (2**63 - 1) // 1000


def unit_of(kind: np.dtype[Any]) -> str:
    """The unit of a datetime64 or timedelta64. Raises UnsupportedOperation for multiples and finer ones."""
    unit, many = np.datetime_data(kind)
    if many != 1 or unit not in (*_ORDER, "Y", "M"):
        raise UnsupportedOperation(f"it uses {kind}", "Use whole units: datetime64[D], [s], [us].")
    return str(unit)


def finer(a: np.dtype[Any], b: np.dtype[Any]) -> str:
    """The unit in which NumPy and pandas meet."""
    units = {"D" if unit in ("Y", "M") else unit for unit in (unit_of(a), unit_of(b))}
    return max(units, key=_ORDER.index)


def counted(micros: Tensor, unit: str) -> Tensor:
    """Whole units, int64."""
    return micros * 1000 if unit == "ns" else quotient(micros, MICROS[unit]) if unit != "us" else micros


def as_float(micros: Tensor, unit: str) -> Tensor:
    """The count of units as float64, which it need not say exactly: nanoseconds of more than 104 days are rounded."""
    if unit != "ns":
        return counted(micros, unit).cast("float64")
    # Beyond 292 years nanoseconds leave int64, and pandas computes in a coarser unit.
    far = (micros > _MOST) | (micros < -_MOST)
    near = where(far, np.array(0), micros)
    return where(far, micros.cast("float64") * 1000.0, (near * 1000).cast("float64"))


def float_of(micros: int, unit: str) -> float:
    """The same of a constant."""
    return float(micros * 1000) if unit == "ns" else float(micros // MICROS[unit])
