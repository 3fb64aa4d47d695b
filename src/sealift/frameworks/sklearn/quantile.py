"""`QuantileTransformer` (`preprocessing/_data.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats
from sklearn import preprocessing

from sealift.frameworks.registry import converter
from sealift.graph.builder import where
from sealift.graph.search import interpolate
from sealift.graph.sparse import absent
from sealift.graph.special_functions import normal_quantile
from sealift.graph.table import Table

_THRESHOLD = 1e-7  # BOUNDS_THRESHOLD


@converter(preprocessing.QuantileTransformer)
def quantile(step: Any, x: Table) -> Table:
    """The rank among the training quantiles, interpolated in both directions; uniform or normal."""
    values = x.numbers()
    dtype = values.dtype
    knots, ranks = step.quantiles_.T, step.references_
    up = interpolate(values, list(knots), [ranks] * x.width)
    down = interpolate(-values, list(-knots[:, ::-1]), [-ranks[::-1]] * x.width)
    mapped = (0.5 * (up - down)).cast(dtype)
    normal = step.output_distribution == "normal"
    at_top = values + _THRESHOLD > knots[None, :, -1] if normal else values.equals(knots[None, :, -1])
    at_bottom = values - _THRESHOLD < knots[None, :, 0] if normal else values.equals(knots[None, :, 0])
    mapped = where(at_bottom, 0.0, where(at_top, 1.0, mapped))
    if normal:
        low = stats.norm.ppf(_THRESHOLD - np.spacing(1))
        high = stats.norm.ppf(1 - (_THRESHOLD - np.spacing(1)))
        bounded = normal_quantile(mapped.cast("float64")).cast(dtype).clip(low, high)
        mapped = where(mapped <= 0.0, float(low), where(mapped >= 1.0, float(high), bounded))
    # Only the stored cells of a sparse matrix are transformed.
    return x.with_values(where(absent(values), 0.0, mapped) if x.sparse else mapped, x.names)
