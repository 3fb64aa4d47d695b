"""Which names of NumPy and pandas a trace does not follow, for those who read code and do not run it."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from sealift.tracing import protocol
from sealift.tracing.series import ACROSS_ROWS, ALTERNATIVES, unsupported_method
from sealift.tracing.ufuncs import FUNCTIONS
from sealift.tracing.unsupported import UnsupportedOperation

_FIX = "Use arithmetic, np.where, np.clip, np.column_stack and reductions over axis=1."


def obstacle_of_method(name: str) -> tuple[str, str] | None:
    """Why a method of a column or data frame is not traced, and the remedy; None where it is, or is not known."""
    if name not in ACROSS_ROWS and name not in ALTERNATIVES:
        return None
    error: UnsupportedOperation = unsupported_method(name, "a column")
    what = error.what if error.what.startswith("it ") else f"uses {error.what}"
    return what.removeprefix("it "), error.fix


def obstacle_of_function(library: ModuleType | None, name: str) -> tuple[str, str] | None:
    """The same for a function of NumPy."""
    function = getattr(library, name, None)
    if library is not np or function is None or not callable(function) or isinstance(function, type):
        return None
    if isinstance(function, np.ufunc):
        return None if name in FUNCTIONS else (f"calls np.{name}, which is not traced", _FIX)
    if name in protocol.ACROSS_ROWS:
        return f"calls np.{name}, which uses all rows at once unless axis=1", _FIX
    return None
