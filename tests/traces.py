"""The oracle of the trace's tests: the function itself, run on the same rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.preprocessing import FunctionTransformer

from parity import assert_same
from sealift.frameworks import Conversion


def traced(function: Callable[..., Any], X: Any, relative: float = 1e-12, **options: Any) -> Conversion:
    """The graph gives what the function gives, row for row."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        step = FunctionTransformer(function, **options).fit(X)
        conversion: Conversion = assert_same(step, X, relative=relative)
    return conversion
