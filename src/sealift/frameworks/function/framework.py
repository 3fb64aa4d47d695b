"""Plain functions as a framework: a formula or score without an estimator."""

from __future__ import annotations

import functools
import types
from typing import Any

import numpy as np

from sealift.frameworks.base import Framework, Source

_KINDS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial, np.ufunc)


class PlainFunction(Framework):
    """Functions of the rows, in NumPy or pandas; one number, or a fixed number of numbers, for each row."""

    name = "function"
    extra = "sklearn"
    distributions = ("numpy", "pandas")

    def owns(self, model: Any) -> bool:
        """Whether the model is a function, a bound method, a `functools.partial` or a ufunc."""
        return isinstance(model, _KINDS)

    def source(self, model: Any, rows: Any = None) -> Source:
        """The function as a source, for the type of the caller's rows: an array, a data frame or a series."""
        from sealift.frameworks.function.source import FunctionSource

        return FunctionSource(model, rows)


FRAMEWORK = PlainFunction()
